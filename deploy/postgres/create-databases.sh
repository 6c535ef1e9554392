#!/bin/sh
# Runs once, when the volume of Postgres is new. Temporal, Ratchet and the example agent's company share a
# server, never a database or a role. Ratchet's role may create the two roles that its migrations make for row-level security.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set temporal_password="$TEMPORAL_DB_PASSWORD" --set ratchet_password="$RATCHET_DB_PASSWORD" \
  --set company_password="$COMPANY_DB_PASSWORD" <<'SQL'
create role temporal login createdb password :'temporal_password';
create role ratchet login createrole password :'ratchet_password';
create role company login password :'company_password';
create database company owner company;
-- So that it may act as the roles it creates.
alter role ratchet set createrole_self_grant = 'set, inherit';
create database ratchet owner ratchet;
revoke connect on database ratchet from public;
SQL

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname ratchet \
  --command 'create extension if not exists vector'
