#!/usr/bin/env bash
# Installs the Debian packages that building needs (Debian 12 or 13), and with
# --tests those that the tests and the demo with a broker need besides: Java and
# Maven for Kafka, Prometheus, a browser; with --bench those of `make bench`: a
# yardstick and what draws the figures. Does nothing, and needs no rights, when all
# of them are there.
set -euo pipefail

packages=(
  g++ cmake ninja-build pkg-config ccache clang-format git ca-certificates
  libabsl-dev libre2-dev rapidjson-dev libyaml-cpp-dev
  librdkafka-dev libspdlog-dev libcli11-dev libxxhash-dev zlib1g-dev
  prometheus-cpp-dev libcpp-httplib-dev libssl-dev libtomlplusplus-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  python3 tzdata
)
if [[ ${1:-} == --tests ]]; then
  packages+=(python3-confluent-kafka python3-yaml prometheus chromium fonts-dejavu-core)
  # Any Java from 17 on and any Maven run the broker.
  command -v java >/dev/null || packages+=(default-jre-headless)
  command -v mvn >/dev/null || packages+=(maven)
fi
if [[ ${1:-} == --bench ]]; then
  packages+=(libsimdjson-dev gnuplot-nox)
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "These packages are missing and installing them needs root or sudo:" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
