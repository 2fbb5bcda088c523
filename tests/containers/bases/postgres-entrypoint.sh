#!/usr/bin/env bash
# The part of the official image's conventions that we use: POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD and
# POSTGRES_PASSWORD_FILE at the first start; the command's arguments are the server's.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"; fi
[ "$1" = postgres ] || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  password=${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:?a first start needs a password}")}
  mkdir -p "$PGDATA"
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") --auth-host=scram-sha-256 --auth-local=trust
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  printf "\nlisten_addresses = '*'\n" >> "$PGDATA/postgresql.conf"
  if [ "${POSTGRES_DB:-$user}" != postgres ]; then
    pg_ctl -w start -o "-c listen_addresses=''"
    createdb --username="$user" "${POSTGRES_DB:-$user}"
    pg_ctl -w stop
  fi
fi
exec "$@"
