"""The daemon to look at: a broker, the daemon and a load on this machine.

Starts a real Kafka broker on loopback, `sequitur run`, and writes what loadgen
makes (with planted attacks) to one topic a source, without keys, as shippers do.
Prints alerts as they arrive and ends when all that was planted has been read.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import kafka_broker
import kafka_site
from sequitur_cli import BUILD

QUIET = 5  # seconds without a new alert, everything read: the demo is over

KAFKA = """\
  brokers: ["{bootstrap}"]
  topics: [{topics}]
  partitions: 4
"""


def loadgen(folder, options):
    """Telemetry files by the name of their topic."""
    command = [str(BUILD / "loadgen"), "--output", str(folder), "--hosts", str(options.hosts),
               "--attacks", str(options.attacks), "--duration", options.duration,
               "--rate", str(options.rate), "--seed", str(options.seed)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return {path.stem: path for path in sorted(folder.glob("*.ndjson"))}


def write(broker, files):
    for topic, path in files.items():
        broker.produce(topic, [(None, line) for line in path.read_bytes().splitlines()])
        print(f"written: {topic}", file=sys.stderr)


def follow(broker, daemon, group, topics):
    """Prints alerts until everything is read and none came for a while."""
    seen = set()
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET:
        if daemon.poll() is not None:
            sys.exit(f"the daemon ended with code {daemon.returncode}")
        for record in broker.consume_all("sequitur.alerts"):
            if (record.partition, record.offset) in seen:
                continue
            seen.add((record.partition, record.offset))
            quiet_since = time.monotonic()
            alert = json.loads(record.value)
            print(f'{alert["sequitur"]["severity"].upper():8} {alert["message"]}', flush=True)
        unread = any((broker.committed(f"{group}-ingest", topic).get(partition) or 0) < end
                     for topic in topics for partition, end in broker.end_offsets(topic).items())
        if unread:
            quiet_since = time.monotonic()
    return len(seen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--attacks", type=int, default=6)
    parser.add_argument("--duration", default="10m")
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        kafka_broker.require()
    except kafka_broker.Unavailable as why:
        sys.exit(str(why))
    with tempfile.TemporaryDirectory() as temporary, kafka_broker.KafkaBroker() as broker:
        folder = pathlib.Path(temporary)
        files = loadgen(folder / "load", options)
        for topic in files:
            broker.create_topic(topic, partitions=4)
        config = folder / "sequitur.yaml"
        kafka_site.write(config, KAFKA.format(bootstrap=broker.bootstrap, topics=", ".join(files)))
        site = ["--config", str(config)]
        print(f"broker at {broker.bootstrap}; topics: {', '.join(files)}", file=sys.stderr)
        subprocess.run([str(BUILD / "sequitur"), "topics", "--create", *site], check=True)
        daemon = subprocess.Popen([str(BUILD / "sequitur"), "run", *site])
        try:
            write(broker, files)
            alerts = follow(broker, daemon, "sequitur", files)
        finally:
            daemon.terminate()
            daemon.wait(timeout=60)
    planted = options.attacks
    print(f"{alerts} alerts for {planted} planted attacks", file=sys.stderr)


if __name__ == "__main__":
    main()
