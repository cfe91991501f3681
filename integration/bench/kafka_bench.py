"""sequitur against a real Kafka broker, all on this machine: how fast it drains a
backlog beside a consumer that only touches the bytes, what each of its threads
spends on an event, and how long an alert takes at a load that it keeps up with.

    make bench-kafka
    python3 -B integration/bench/kafka_bench.py --only keyed-1 --runs 5
    python3 -B integration/bench/kafka_bench.py --minutes 30   # memory instead

Everything is at its default but names, addresses, and commits: these come four
times a second, so that it shows when all has been read.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import kafka_broker  # pylint: disable=wrong-import-position
import kafka_site  # pylint: disable=wrong-import-position
from probe import Threads, Yardstick, rss_mib  # pylint: disable=wrong-import-position
from sequitur_cli import BUILD, ROOT  # pylint: disable=wrong-import-position

PARTITIONS = 4  # of each source topic
WARM_UP = 3  # seconds of live load that are not judged: a new broker compiles itself
BEGIN = 0.1  # of the backlog: what is read before is not judged
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


class Daemon:
    """`sequitur run` on a site of its own, with the group of its name."""

    def __init__(self, broker, folder, name, topics, **kafka):
        self.broker, self.name, self.topics = broker, name, topics
        self.keyed = kafka.get("placement") == "keyed"
        self.workers = kafka.get("workers", 1)
        self.config = pathlib.Path(folder) / f"{name}.yaml"
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.own = {kind: f"{name}.{kind}" for kind in
                    ("events", "alerts", "shadow", "baselines", "dlq")}
        if self.keyed:
            del self.own["events"]
        more = "".join(f"  {key}: {value}\n" for key, value in kafka.items())
        kafka_site.write(self.config, f"""\
  brokers: ["{broker.bootstrap}"]
  topics: [{", ".join(topics)}]
  group: {name}
  events_topic: {name}.events
  alerts_topic: {self.own["alerts"]}
  shadow_topic: {self.own["shadow"]}
  baselines_topic: {self.own["baselines"]}
  dead_letter_topic: {self.own["dlq"]}
  partitions: {PARTITIONS}
  commit_interval: 250ms
{more}""")
        subprocess.run([str(BUILD / "sequitur"), "topics", "--create", "--config",
                        str(self.config)], check=True, stdout=subprocess.DEVNULL)
        # Of each stage: its group and what that reads.
        self.stages = {"correlate": (name, topics)}
        if not self.keyed:
            self.stages = {"ingest": (f"{name}-ingest", topics),
                           "correlate": (name, [self.own["events"]])}
        self.groups = {}

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(BUILD / "sequitur"), "run", "--config", str(self.config)], stderr=log)
        for stage, (group, _) in self.stages.items():
            self.groups[stage] = kafka_broker.confluent_kafka.Consumer(
                {"bootstrap.servers": self.broker.bootstrap, "group.id": group})
        return self

    def __exit__(self, *_):
        for group in self.groups.values():
            group.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        finally:
            self.process.kill()

    def wait_until_assigned(self):
        """The workers of each stage have shared the partitions out. The log tells
        it once: it leaves out what it would say twice."""
        def assigned():
            log = self.log.read_text(encoding="utf-8")
            return all(f"{stage}: {PARTITIONS // self.workers * len(topics)} partitions" in log
                       for stage, (_, topics) in self.stages.items())
        kafka_broker.wait_until(assigned, "all stages to have their partitions")

    def committed(self, stage):
        """Records that a stage has committed."""
        wanted = [kafka_broker.confluent_kafka.TopicPartition(topic, partition)
                  for topic in self.stages[stage][1] for partition in range(PARTITIONS)]
        found = self.groups[stage].committed(wanted, timeout=kafka_broker.DEADLINE)
        return sum(max(0, at.offset) for at in found)

    def is_through(self, records):
        """All stages have committed all."""
        return (self.committed(next(iter(self.stages))) >= records and
                (self.keyed or self.committed("correlate") >= self.count(self.own["events"])))

    def count(self, topic):
        return sum(self.broker.end_offsets(topic).values())

    def forget(self):
        """Deletes its own topics."""
        for topic in self.own.values():
            self.broker.delete_topic(topic)


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

CASES = {
    "keyed-1": {"placement": "keyed"},
    "keyed-2": {"placement": "keyed", "workers": 2},
    "shuffle-1": {},
    "shuffle-2": {"workers": 2},
}
BARE = "bare"  # consumer


class Backlog:
    """Written once, read as often as one likes."""

    def __init__(self, broker, folder, options):
        self.broker, self.folder = broker, folder
        seconds = int(options.events / options.rate)
        paths = loadgen(folder / "backlog", time.time() - seconds, hosts=options.hosts,
                        attacks=100, rate=options.rate, duration=f"{seconds}s", seed=1)
        paths = create_sources(broker, paths, "backlog")
        self.topics = [path.stem for path in paths]
        written = load("feed", broker.bootstrap, 0, *paths)
        self.records = written["records"]
        say(f"backlog: {self.records} records, {self.records / written['seconds']:.0f}/s")

    def read_bare(self):
        done = load("drain", self.broker.bootstrap, self.records, *self.topics)
        return {"bytes": done["bytes"] / self.records, "rate": self.records / done["seconds"],
                "cpu": {"reader": done["reader_cpu"] / self.records,
                        "rdk:broker": done["client_cpu"] / self.records},
                "waits": {}}

    def read(self, name, kafka):
        """Judged from when a part of it has been read: by then all threads are busy."""
        daemon = Daemon(self.broker, self.folder, name, self.topics, **kafka)
        first = next(iter(daemon.stages))
        with daemon:
            daemon.wait_until_assigned()
            done = kafka_broker.wait_until(
                lambda: (lambda read: read >= BEGIN * self.records and read)(
                    daemon.committed(first)), "the backlog to be begun", 300)
            began, before = time.monotonic(), Threads(daemon.process.pid)
            kafka_broker.wait_until(lambda: daemon.is_through(self.records),
                                    "the backlog to be drained", 300)
            seconds = time.monotonic() - began
            spent = Threads(daemon.process.pid).since(before)
            result = {"rss": rss_mib(daemon.process.pid)}
            result["alerts"] = daemon.count(daemon.own["alerts"])
            result["forwarded"] = 0 if daemon.keyed else daemon.count(daemon.own["events"])
        daemon.forget()
        read = self.records - done
        # Of the stage that reads the sources: a core of its own would have saved it these.
        queued = max(used for thread, used in spent.queued.items() if thread.startswith(first))
        return result | {"rate": read / seconds, "rate_alone": read / (seconds - queued),
                         "cpu": {thread: used / read for thread, used in spent.cpu.items()},
                         "waits": {thread: count / read for thread, count in spent.waits.items()}}


def measure(backlog, yardstick, cases, runs):
    """{case: its results}, taken in turns, each with U from before and after it."""
    results = {case: [] for case in cases}
    for run in range(runs):
        for case in cases:
            unit = yardstick.measure()
            result = (backlog.read_bare() if case == BARE else
                      backlog.read(f"{case}-{run}", CASES[case]))
            result["unit"] = (unit + yardstick.measure()) / 2e9
            results[case].append(result)
            say(f"{case}: {result['rate']:.0f} events/s, U {1e9 * result['unit']:.0f} ns, " +
                ", ".join(f"{thread} {used / result['unit']:.2f} U" for thread, used in
                          result["cpu"].items() if used / result["unit"] >= 0.01))
    return results


def median(results, value):
    return statistics.median(value(result) for result in results)


def show_backlog(results):
    """Medians over the runs."""
    print("\n| | events/s | events a U of wall time | and had it had a core for itself | "
          "thread: U of CPU an event (ns; waits a 1,000 events) |\n|---|---:|---:|---:|---|")
    for case, runs in results.items():
        alone = ("" if case == BARE else
                 f"{median(runs, lambda run: run['rate_alone'] * run['unit']):.2f}")
        threads = []
        for thread in sorted({thread for run in runs for thread in run["cpu"]}):
            used = median(runs, lambda run: run["cpu"].get(thread, 0))
            units = median(runs, lambda run: run["cpu"].get(thread, 0) / run["unit"])
            waits = median(runs, lambda run: run["waits"].get(thread, 0))
            if units >= 0.005:
                threads.append(f"{thread} {units:.2f} ({1e9 * used:.0f}; {1e3 * waits:.1f})")
        print(f"| {case} | {median(runs, lambda run: run['rate']):.0f} | "
              f"{median(runs, lambda run: run['rate'] * run['unit']):.2f} | "
              f"{alone} | "
              f"{', '.join(threads)} |")
    unit = statistics.median(run["unit"] for runs in results.values() for run in runs)
    print(f"\nU {1e9 * unit:.0f} ns")
    for case, runs in results.items():
        if case != BARE:
            print(f"{case}: {median(runs, lambda run: run['alerts']):.0f} alerts, "
                  f"{median(runs, lambda run: run['forwarded']):.0f} events forwarded, "
                  f"RSS {median(runs, lambda run: run['rss']):.0f} MiB")


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
        before = Threads(daemon.process.pid)
        fed = load("feed", broker.bootstrap, rate, *paths)
        fed_at = time.time() - fed["seconds"]
        spent = Threads(daemon.process.pid).since(before).cpu
        kafka_broker.wait_until(lambda: daemon.is_through(fed["records"]), "all to be read", 120)
        alerts = reader.stop()
    arrived = arrivals(broker, {place for _, alert in alerts for place in places(alert)})
    waits = []
    for read_at, alert in alerts:
        last = max(arrived[place] for place in places(alert))
        if last >= fed_at + WARM_UP:
            waits.append((read_at - last, alert))
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
    return (f"{os.cpu_count()} x {model}; {datetime.date.today()}; commit {commit or 'unknown'}; "
            f"load average before: {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--events", type=int, default=500_000, help="of the backlog")
    parser.add_argument("--rate", type=int, default=5_000, help="of event time in the backlog")
    parser.add_argument("--hosts", type=int, default=200, help="in the backlog")
    parser.add_argument("--runs", type=int, default=3, help="of each case over the backlog")
    parser.add_argument("--only", nargs="*", choices=[BARE, *CASES], default=[BARE, *CASES])
    parser.add_argument("--seconds", type=int, default=25, help="of live load; 0: none")
    parser.add_argument("--live-rate", type=int, help="records a second; default: half of the "
                        "lowest rate at which the backlog was drained")
    parser.add_argument("--minutes", type=int, help="watch memory for so long instead")
    parser.add_argument("--memory-rate", type=int, default=500, help="records a second, then")
    options = parser.parse_args()
    try:
        kafka_broker.require()
    except kafka_broker.Unavailable as why:
        sys.exit(str(why))
    print(machine())
    # All workers of a group begin together.
    with tempfile.TemporaryDirectory() as temporary, \
            kafka_broker.KafkaBroker(config={"group.initial.rebalance.delay.ms": 500}) as broker:
        folder = pathlib.Path(temporary)
        if options.minutes:
            watch_memory(broker, folder, options)
            return
        backlog = Backlog(broker, folder, options)
        loadgen(folder / "unit")
        with Yardstick(folder / "unit") as yardstick:
            results = measure(backlog, yardstick, options.only, options.runs)
        show_backlog(results)
        if options.seconds:
            slowest = min(median(runs, lambda run: run["rate"]) for runs in results.values())
            live_rate = options.live_rate or int(slowest / 2)
            show_delays(*delays(broker, folder, live_rate, options.seconds))


if __name__ == "__main__":
    main()
