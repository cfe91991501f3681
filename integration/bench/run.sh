#!/usr/bin/env bash
# Runs the benchmarks that `make bench` has built, over telemetry of loadgen's, one
# after the other. What they print is kept in build/bench, with curves drawn of it.
#
#   integration/bench/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
out=build/bench

mkdir -p "$out"
build/release/loadgen --output "$out/telemetry" >/dev/null
for bench in decode simdjson path match correlate growth; do
  binary=build/release/${bench}_bench
  if [[ ! -x $binary ]]; then
    echo "no ${bench}_bench here: cmake says why"
    continue
  fi
  echo "== ${bench}_bench"
  case $bench in
    growth) "$binary" ;;
    *) "$binary" "$out/telemetry" ;;
  esac | tee "$out/$bench.txt"
  echo
done
if command -v gnuplot >/dev/null; then
  python3 -B integration/bench/plot.py "$out" "$out"
else
  echo "no gnuplot: no curves"
fi
