#!/bin/sh
# Creates the namespace and the search attributes Ratchet's runs carry. Safe to run again.
set -eu

attempts=30
until temporal operator cluster health; do
  attempts=$((attempts - 1))
  if [ "$attempts" -eq 0 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS did not become healthy" >&2
    exit 1
  fi
  sleep 2
done

if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
fi

known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")
for attribute in \
  RatchetTenant=Keyword \
  RatchetAgent=Keyword \
  RatchetStrategy=Keyword \
  RatchetCandidate=Keyword \
  RatchetMode=Keyword \
  RatchetVerdict=Keyword \
  RatchetSuccess=Bool \
  RatchetSlices=KeywordList; do
  name=${attribute%%=*}
  if ! echo "$known" | grep -qw "$name"; then
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
      --name "$name" --type "${attribute#*=}"
  fi
done
