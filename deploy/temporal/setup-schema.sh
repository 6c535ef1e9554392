#!/bin/sh
# Creates Temporal's two databases and brings their schema up to this release. Safe to run again.
set -eu

versions=/etc/temporal/schema/postgresql/v12

setup() {
  database=$1
  directory=$2
  sql() {
    temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" \
      --db "$database" "$@"
  }
  sql create
  sql setup-schema -v 0.0
  sql update-schema -d "$versions/$directory/versioned"
}

setup temporal temporal
setup temporal_visibility visibility
