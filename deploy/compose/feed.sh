#!/bin/sh
# Feeds Kafka: every minute one minute of telemetry of the present, as loadgen
# makes it, with an attack and a look-alike in it. One topic a source, no keys.
set -eu
brokers=${BROKERS:?host:port of a broker}
here=$(dirname "$0")
seed=1
while :; do
  began=$(date +%s)
  folder=$(mktemp -d)
  LD_LIBRARY_PATH="$here/lib" "$here/loadgen" --output "$folder" --seed "$seed" \
    --start "$(date -u -d "@$((began - 90))" +%Y-%m-%dT%H:%M:%SZ)" --duration 1m \
    --hosts "${HOSTS:-8}" --rate "${RATE:-100}" --attacks "${ATTACKS:-1}" --look-alikes "${LOOK_ALIKES:-1}"
  for file in "$folder"/*.ndjson; do
    kcat -P -b "$brokers" -t "$(basename "$file" .ndjson)" -l "$file"
  done
  rm -rf "$folder"
  seed=$((seed + 1))
  rest=$((began + 60 - $(date +%s)))
  [ "$rest" -le 0 ] || sleep "$rest"
done
