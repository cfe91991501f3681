#!/usr/bin/env bash
# What the processor's own instructions would bring: the path from bytes to alerts,
# built for x86-64-v2, which every server has, and for the machine at hand, in turns.
#
#   integration/bench/march_bench.sh [ROUNDS]
#
# Two builds of their own, build/march-*; telemetry as `make bench` leaves it.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-9}
telemetry=build/bench/telemetry
marches=(x86-64-v2 native)

[[ -d $telemetry ]] || { echo "run \`make bench\` first: $telemetry is missing" >&2; exit 1; }
for march in "${marches[@]}"; do
  cmake --preset release -B "build/march-$march" \
    -DCMAKE_CXX_FLAGS_RELEASE="-O3 -DNDEBUG -g1 -march=$march" >/dev/null
  cmake --build "build/march-$march" --parallel "$(nproc)" --target path_bench >/dev/null
done
for ((round = 0; round < rounds; ++round)); do
  for march in "${marches[@]}"; do
    echo "$march $("build/march-$march/path_bench" "$telemetry" 1 0 5)"
  done
done | python3 -c '
import statistics, sys
taken = {}
for line in sys.stdin:
    march, ns, _ = line.split()
    taken.setdefault(march, []).append(int(ns))
v2, native = taken["x86-64-v2"], taken["native"]
ratio = statistics.median(a / b for a, b in zip(v2, native))
print(f"x86-64-v2 {statistics.median(v2):.0f} ns a record, native {statistics.median(native):.0f}: "
      f"v2 takes {(ratio - 1) * 100:+.1f} %")
'
