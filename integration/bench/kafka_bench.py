"""sequitur against a real Kafka broker, all on this machine: how fast it drains a
backlog beside a consumer that only touches the bytes, what each of its threads
spends on an event, and how long an alert takes at half of that load.

    make bench-kafka
    python3 -B integration/bench/kafka_bench.py --minutes 30   # memory instead

Everything is at its default but names and addresses.
"""

import argparse
import collections
import contextlib
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import kafka_broker  # pylint: disable=wrong-import-position
import kafka_site  # pylint: disable=wrong-import-position
from sequitur_cli import BUILD, ROOT  # pylint: disable=wrong-import-position

PARTITIONS = 4  # of each source topic
TICK = os.sysconf("SC_CLK_TCK")
STREAMS = ["nginx-access", "nginx-error", "httpd-access", "httpd-error", "php-fpm", "eslogger",
           "endpoint", "flows"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def loadgen(folder, start=None, **options):
    """Telemetry files; `start` is when it begins, in seconds since the epoch."""
    if start is not None:
        begins = datetime.datetime.fromtimestamp(start, datetime.timezone.utc)
        options["start"] = begins.strftime("%Y-%m-%dT%H:%M:%SZ")
    words = [word for name, value in options.items()
             for word in (f"--{name.replace('_', '-')}", str(value))]
    subprocess.run([str(BUILD / "loadgen"), "--output", str(folder), *words], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted(folder.glob("*.ndjson"))


def load(*words):
    """What kafka_load says it did."""
    done = subprocess.run([str(BUILD / "kafka_load"), *map(str, words)], check=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def thread_seconds(pid):
    """CPU seconds by name of thread; Kafka's own threads are summed up."""
    seconds = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
            fields = rest.split()
            name = "rdk:broker" if name.startswith("rdk:broker") else name
            seconds[name] += (int(fields[11]) + int(fields[12])) / TICK
    return seconds


def rss_mib(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Daemon:
    """`sequitur run` on a site of its own, with the group of its name."""

    def __init__(self, broker, folder, name, topics):
        self.broker, self.name, self.topics = broker, name, topics
        self.config = pathlib.Path(folder) / f"{name}.yaml"
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.own = {kind: f"{name}.{kind}" for kind in
                    ("events", "alerts", "shadow", "baselines", "dlq")}
        kafka_site.write(self.config, f"""\
  brokers: ["{broker.bootstrap}"]
  topics: [{", ".join(topics)}]
  group: {name}
  events_topic: {self.own["events"]}
  alerts_topic: {self.own["alerts"]}
  shadow_topic: {self.own["shadow"]}
  baselines_topic: {self.own["baselines"]}
  dead_letter_topic: {self.own["dlq"]}
""")
        subprocess.run([str(BUILD / "sequitur"), "topics", "--create", "--config",
                        str(self.config)], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(BUILD / "sequitur"), "run", "--config", str(self.config)], stderr=log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        finally:
            self.process.kill()

    def wait_until_assigned(self):
        def assigned():
            return all(f"{stage}: " in line and "partitions assigned" in line
                       for stage in ("ingest", "correlate")
                       for line in [self.last_line(f"{stage}: ", "partitions assigned")])
        kafka_broker.wait_until(assigned, "both stages to have their partitions")

    def last_line(self, *words):
        lines = [line for line in self.log.read_text(encoding="utf-8").splitlines()
                 if all(word in line for word in words)]
        return lines[-1] if lines else ""

    def committed(self):
        """Records that both stages have committed: sources, events."""
        read = sum(offset or 0 for topic in self.topics
                   for offset in self.broker.committed(f"{self.name}-ingest", topic).values())
        correlated = sum(offset or 0 for offset in
                         self.broker.committed(self.name, self.own["events"]).values())
        return read, correlated

    def count(self, topic):
        return sum(self.broker.end_offsets(topic).values())


def create_sources(broker, paths, prefix):
    """Topics that stamp records with the time they arrive; renames the files
    after them."""
    renamed = []
    for path in paths:
        topic = f"{prefix}-{path.stem}"
        broker.create_topic(topic, PARTITIONS, {"message.timestamp.type": "LogAppendTime"})
        renamed.append(path.rename(path.with_name(f"{topic}.ndjson")))
    return renamed


# How fast a backlog is drained.

def drain(broker, folder, options):
    begin = time.time() - options.events / options.rate
    paths = loadgen(folder / "backlog", begin, hosts=options.hosts, attacks=100, rate=options.rate,
                    duration=f"{int(options.events / options.rate)}s", seed=1)
    paths = create_sources(broker, paths, "backlog")
    topics = [path.stem for path in paths]
    written = load("feed", broker.bootstrap, 0, *paths)
    records = written["records"]
    say(f"backlog: {records} records written, {records / written['seconds']:.0f}/s")
    floor = load("drain", broker.bootstrap, records, *topics)
    with Daemon(broker, folder, "backlog", topics) as daemon:
        daemon.wait_until_assigned()
        began, before = time.monotonic(), thread_seconds(daemon.process.pid)
        ended = {}

        def finished():
            read, correlated = daemon.committed()
            now = time.monotonic()
            if read >= records:
                ended.setdefault("ingest", now)
            return "ingest" in ended and correlated >= daemon.count(daemon.own["events"])

        kafka_broker.wait_until(finished, "the backlog to be drained", 300)
        seconds = time.monotonic() - began
        spent = thread_seconds(daemon.process.pid)
        spent.subtract(before)
        rss = rss_mib(daemon.process.pid)
        alerts = len(broker.consume_all(daemon.own["alerts"]))
        events = daemon.count(daemon.own["events"])
    return {"records": records, "bytes": floor["bytes"], "floor": floor, "seconds": seconds,
            "ingest_seconds": ended["ingest"] - began, "events": events, "alerts": alerts,
            "spent": spent, "rss": rss}


def show_drain(result):
    records, floor = result["records"], result["floor"]
    bare = records / floor["seconds"]
    whole = records / result["seconds"]
    print(f"\nBacklog of {records} records, {result['bytes'] / records:.0f} bytes each; "
          f"{result['events']} events forwarded, {result['alerts']} alerts\n")
    print("| | events/s | ns of CPU per event |\n|---|---:|---|")

    def nanoseconds(seconds):
        return round(1e9 * seconds / records)

    print(f"| bare consumer, touches every byte | {bare:.0f} | "
          f"reader {nanoseconds(floor['reader_cpu'])}, client {nanoseconds(floor['client_cpu'])} |")
    threads = ", ".join(f"{name} {nanoseconds(spent)}" for name, spent in
                        result["spent"].most_common() if nanoseconds(spent) > 0)
    print(f"| sequitur, Kafka to alerts | {whole:.0f} | {threads} |")
    print(f"| ratio | {whole / bare:.2f} | |")
    print(f"\nThe ingest stage was through after {result['ingest_seconds']:.1f} s, all after "
          f"{result['seconds']:.1f} s; RSS {result['rss']:.0f} MiB")
    return whole


# How long an alert takes.

class AlertReader(threading.Thread):
    """Notes when each alert can be read."""

    def __init__(self, broker, topic):
        super().__init__(daemon=True)
        self.alerts = []  # (seconds since the epoch, document)
        self.done = threading.Event()
        self.consumer = kafka_broker.confluent_kafka.Consumer({
            "bootstrap.servers": broker.bootstrap, "group.id": "bench-alerts",
            "enable.auto.commit": False, "fetch.wait.max.ms": 500, "fetch.min.bytes": 1})
        self.consumer.assign([kafka_broker.confluent_kafka.TopicPartition(topic, 0, 0)])

    def run(self):
        while not self.done.is_set():
            message = self.consumer.poll(0.1)
            if message is not None and not message.error():
                self.alerts.append((time.time(), json.loads(message.value())))
        self.consumer.close()

    def stop(self):
        self.done.set()
        self.join()
        return self.alerts


def arrivals(broker, positions):
    """{position: when its record arrived at the broker}, in seconds."""
    return {(topic, record.partition, record.offset): record.timestamp / 1e3
            for topic in sorted({topic for topic, _, _ in positions})
            for record in broker.consume_all(topic)
            if (topic, record.partition, record.offset) in positions}


def places(alert):
    return [(at["topic"], at["partition"], at["offset"])
            for at in (stage["position"] for stage in alert["sequitur"]["evidence"] if stage)]


def delays(broker, folder, rate, seconds):
    """Sorted delays in seconds, and what the daemon itself says (detect_ms)."""
    paths = loadgen(folder / "live", time.time(), hosts=400, attacks=400, rate=rate,
                    duration=f"{seconds}s", seed=2, first_host=2000)
    paths = create_sources(broker, paths, "live")
    with Daemon(broker, folder, "live", [path.stem for path in paths]) as daemon:
        daemon.wait_until_assigned()
        reader = AlertReader(broker, daemon.own["alerts"])
        reader.start()
        before = thread_seconds(daemon.process.pid)
        fed = load("feed", broker.bootstrap, rate, *paths)
        spent = thread_seconds(daemon.process.pid)
        spent.subtract(before)
        kafka_broker.wait_until(lambda: daemon.committed()[0] >= fed["records"],
                                "all to be read", 120)
        kafka_broker.wait_until(
            lambda: daemon.committed()[1] >= daemon.count(daemon.own["events"]),
            "all to be correlated", 120)
        alerts = reader.stop()
    arrived = arrivals(broker, {place for _, alert in alerts for place in places(alert)})
    waits = [(read_at - max(arrived[place] for place in places(alert)), alert)
             for read_at, alert in alerts]
    say(f"live: {fed['records'] / fed['seconds']:.0f} records/s for {fed['seconds']:.1f} s")
    return sorted(waits, key=lambda wait: wait[0]), spent, fed


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show_delays(waits, spent, fed):
    seconds = [wait for wait, _ in waits]
    own = sorted(alert["sequitur"].get("detect_ms", 0) for _, alert in waits)
    print(f"\nAt {fed['records'] / fed['seconds']:.0f} records/s, from the arrival of the last "
          f"evidence to the alert read from its topic, {len(seconds)} alerts: "
          f"p50 {1e3 * percentile(seconds, 0.5):.0f} ms, p99 {1e3 * percentile(seconds, 0.99):.0f} "
          f"ms, longest {1e3 * seconds[-1]:.0f} ms (until it is written, by its own word: "
          f"p50 {percentile(own, 0.5)} ms, p99 {percentile(own, 0.99)} ms)")
    busy = ", ".join(f"{name} {100 * used / fed['seconds']:.0f} %" for name, used in
                     spent.most_common(4))
    print(f"\nOf a core: {busy}")


# How much memory it keeps.

def watch_memory(broker, folder, options):
    """Ever new hosts for so many minutes; RSS by the minute."""
    topics = [f"memory-{stream}" for stream in STREAMS]
    kept = {"retention.bytes": 16 << 20, "segment.bytes": 4 << 20, "retention.ms": 600_000}
    for topic in topics:
        broker.create_topic(topic, PARTITIONS, kept)
    hosts = 30
    print("| minute | records/s | hosts so far | RSS, MiB |\n|---:|---:|---:|---:|", flush=True)
    with Daemon(broker, folder, "memory", topics) as daemon:
        daemon.wait_until_assigned()
        began = time.monotonic()
        print(f"| 0 | 0 | 0 | {rss_mib(daemon.process.pid):.0f} |", flush=True)
        for minute in range(1, options.minutes + 1):
            with tempfile.TemporaryDirectory(dir=folder) as fresh:
                paths = loadgen(pathlib.Path(fresh), time.time(), hosts=hosts, attacks=10,
                                rate=options.memory_rate, duration="58s", seed=minute,
                                first_host=1 + hosts * (minute - 1))
                paths = [path.rename(path.with_name(f"memory-{path.name}")) for path in paths]
                fed = load("feed", broker.bootstrap, options.memory_rate, *paths)
            time.sleep(max(0.0, began + 60 * minute - time.monotonic()))
            print(f"| {minute} | {fed['records'] / 60:.0f} | {hosts * minute} | "
                  f"{rss_mib(daemon.process.pid):.0f} |", flush=True)


def machine():
    model = next(line.split(":")[1].strip() for line in
                 pathlib.Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, check=False).stdout.strip()
    return f"{os.cpu_count()} x {model}; {datetime.date.today()}; commit {commit or 'unknown'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--events", type=int, default=500_000, help="of the backlog")
    parser.add_argument("--rate", type=int, default=5_000, help="of event time in the backlog")
    parser.add_argument("--hosts", type=int, default=200, help="in the backlog")
    parser.add_argument("--seconds", type=int, default=25, help="of live load")
    parser.add_argument("--minutes", type=int, help="watch memory for so long instead")
    parser.add_argument("--memory-rate", type=int, default=500, help="records a second, then")
    options = parser.parse_args()
    try:
        kafka_broker.require()
    except kafka_broker.Unavailable as why:
        sys.exit(str(why))
    print(machine())
    with tempfile.TemporaryDirectory() as temporary, kafka_broker.KafkaBroker() as broker:
        folder = pathlib.Path(temporary)
        if options.minutes:
            watch_memory(broker, folder, options)
            return
        rate = show_drain(drain(broker, folder, options))
        show_delays(*delays(broker, folder, int(rate / 2), options.seconds))


if __name__ == "__main__":
    main()
