#!/bin/sh
# What the official image of PostgreSQL does with POSTGRES_USER, POSTGRES_PASSWORD and its command, for one that no registry
# was needed for. Its data is in a volume.
set -eu
data=/var/lib/postgresql/data
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$data" && chown postgres: "$data" && chmod 700 "$data"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ ! -s "$data/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?needed, as in the official image}"
  passwords=$(mktemp)
  printf '%s' "$POSTGRES_PASSWORD" >"$passwords"
  # Unquoted: it is options.
  initdb -D "$data" --username "${POSTGRES_USER:-postgres}" --pwfile "$passwords" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 ${POSTGRES_INITDB_ARGS:-} >/dev/null
  rm "$passwords"
  echo "host all all all scram-sha-256" >>"$data/pg_hba.conf"
fi
exec "$@" -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
