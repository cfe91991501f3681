#!/usr/bin/env bash
# Copies the jars of a Kafka broker (pom.xml beside this) into build/kafka of
# the checkout. Does nothing when they are there. Exit code 77: no Java, no
# Maven, or no Maven Central, so that tests can say "skipped" and mean it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(cd "$here/../.." && pwd)/build
jars=$build/kafka

unavailable() {
  echo "No Kafka broker on this machine: $1" >&2
  exit 77
}

command -v java >/dev/null || unavailable "java is missing; apt-get install openjdk-17-jre-headless"
version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
[[ ${version:-0} -ge 17 ]] || unavailable "java is version ${version:-unknown}; Kafka needs 17"

mkdir -p "$build"
exec 9>"$build/kafka.lock"
flock 9  # tests run beside each other

cmp -s "$here/pom.xml" "$jars/pom.xml" && exit 0

command -v mvn >/dev/null || unavailable "mvn is missing; apt-get install maven"
new=$(mktemp -d "$build/kafka.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"
echo "Fetching Apache Kafka from Maven Central" >&2
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
if ! timeout 300 mvn --quiet --batch-mode --file "$here/pom.xml" "$plugin:copy-dependencies" \
    -DincludeScope=runtime -DoutputDirectory="$new" >"$new/mvn.log" 2>&1; then
  error=$(sed -n '/\[ERROR\] /{s/.*\[ERROR\] //p;q}' "$new/mvn.log")
  unavailable "Maven Central cannot be reached: ${error:-mvn timed out}"
fi
cp "$here/pom.xml" "$new/pom.xml"
rm -rf "$jars"
mv "$new" "$jars"
