"""The daemon against a real broker: alerts arrive, once each, whatever happens
to the daemon on the way."""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile

import kafka_broker
import kafka_site
from sequitur_cli import BUILD

# Rounds of the soak: SEQUITUR_KILL_ROUNDS=50 and more by hand.
KILL_ROUNDS = int(os.environ.get("SEQUITUR_KILL_ROUNDS", "6"))
SEED = int(os.environ.get("SEQUITUR_SEED", "1"))


def merged_telemetry():
    """Ten minutes of a small fleet with planted attacks, by the time each record
    was shipped: one log, so that every run over it sees the same order."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(BUILD / "loadgen"), "--output", folder, "--hosts", "5", "--rate", "30",
                        "--attacks", "8", "--seed", "1"], check=True, stdout=subprocess.DEVNULL)
        records = []
        for path in sorted(pathlib.Path(folder).glob("*.ndjson")):
            for line in path.read_bytes().splitlines():
                records.append((json.loads(line).get("@timestamp", ""), line))
    return [line for _, line in sorted(records, key=lambda record: record[0])]


class Daemon:
    """`sequitur run` with a site of its own below `folder`."""

    def __init__(self, broker, folder, name, topics=("telemetry",), instance="one",
                 placement="shuffle", more=""):
        self.name = name
        self.alerts = f"{name}.alerts"
        self.config = pathlib.Path(folder) / f"{name}-{instance}.yaml"
        kafka_site.write(self.config, f"""\
  brokers: ["{broker.bootstrap}"]
  topics: [{", ".join(topics)}]
  placement: {placement}
  group: {name}
  instance: {instance}
  partitions: 3
  events_topic: {name}.events
  alerts_topic: {self.alerts}
  baselines_topic: {name}.baselines
  shadow_topic: {name}.shadow
  dead_letter_topic: {name}.dlq
  commit_interval: 100ms
  consumer: {{session.timeout.ms: 6000, max.poll.interval.ms: 6000, heartbeat.interval.ms: 500}}
  canary_topic: {name}.canaries
""", more)
        self.log = open(pathlib.Path(folder) / f"{name}-{instance}.log", "ab")
        self.process = None
        self.started_at = 0

    def command(self, *arguments):
        return [str(BUILD / "sequitur"), *arguments, "--config", str(self.config)]

    def create_topics(self):
        subprocess.run(self.command("topics", "--create"), check=False, capture_output=True,
                       timeout=60)

    def start(self):
        self.started_at = len(self.log_text())
        self.process = subprocess.Popen(self.command("run"), stderr=self.log)

    def is_joined(self):
        return "partitions assigned" in self.log_text()[self.started_at:]

    def is_live(self):
        return "is live from" in self.log_text()[self.started_at:]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)

    def kill_at_any_point(self, rounds, chance, least, most):
        """Starts and kills it again and again, after `least` to `most` seconds."""
        for _ in range(rounds):
            self.start()
            try:
                self.process.wait(timeout=chance.uniform(least, most))
            except subprocess.TimeoutExpired:
                pass
            self.kill()

    def stop(self):
        """Exit code of a clean stop."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.log.close()

    def log_text(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")


class KafkaDaemonTest(kafka_broker.BrokerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lines = merged_telemetry()
        cls.broker.create_topic("telemetry", partitions=1)
        cls.broker.produce("telemetry", [(None, line) for line in cls.lines])

    def daemon(self, name, **options):
        daemon = Daemon(self.broker, self.folder, name, **options)
        self.addCleanup(daemon.close)
        daemon.create_topics()
        return daemon

    def wait_until_read(self, daemon, topic="telemetry"):
        """It is live, and both stages have committed all there is."""
        kafka_broker.wait_until(lambda: daemon.process.poll() is not None or daemon.is_live(),
                                "the daemon to be live")
        for group, name in ((f"{daemon.name}-ingest", topic), (daemon.name, f"{daemon.name}.events")):
            # Canaries go on coming.
            ends = self.broker.end_offsets(name)
            kafka_broker.wait_until(
                lambda: daemon.process.poll() is not None
                or self.all_committed(group, name, ends), f"{group} to read all of {name}")
        self.assertIsNone(daemon.process.poll(), daemon.log_text())

    def all_committed(self, group, topic, ends):
        committed = self.broker.committed(group, topic)
        return all((committed.get(partition) or 0) >= end
                   for partition, end in ends.items() if end > 0)

    def alert_ids(self, daemon):
        return sorted(json.loads(record.value)["event"]["id"]
                      for record in self.broker.consume_all(daemon.alerts))

    def undisturbed(self):
        if not hasattr(KafkaDaemonTest, "expected"):
            daemon = self.daemon("calm")
            daemon.start()
            self.wait_until_read(daemon)
            self.assertEqual(daemon.stop(), 0, daemon.log_text())
            KafkaDaemonTest.expected = self.alert_ids(daemon)
        return KafkaDaemonTest.expected

    def test_writes_each_alert_once(self):
        ids = self.undisturbed()
        self.assertGreater(len(ids), 0)
        self.assertEqual(len(ids), len(set(ids)))

    def test_an_alert_names_its_source_records(self):
        self.undisturbed()
        record = self.broker.consume_all("calm.alerts")[0]
        alert = json.loads(record.value)
        self.assertEqual(dict(record.headers)["id"].decode(), alert["event"]["id"])
        self.assertEqual(record.key.decode(), alert["host"]["name"])
        for evidence in alert["sequitur"]["evidence"]:
            self.assertEqual(evidence["position"]["topic"], "telemetry")
            self.assertLess(evidence["position"]["offset"], len(self.lines))

    def test_keeps_baselines_in_their_topic(self):
        self.undisturbed()
        kept = [json.loads(record.value) for record in self.broker.consume_all("calm.baselines")]
        self.assertGreater(len(kept), 0)
        self.assertEqual({document["baseline"] for document in kept}, {"web_service_peer"})

    def baseline(self, daemon, *arguments):
        """Tuples with how often each was seen, of `sequitur baseline` so asked."""
        learnt = self.folder / "learnt.yaml"
        subprocess.run(daemon.command("baseline", *arguments, "--output", str(learnt)),
                       check=True, capture_output=True, timeout=60)
        tuples = re.findall(r"- \{values: \[(.*)\], .* seen: (\d+)\}", learnt.read_text())
        return learnt, {values: int(seen) for values, seen in tuples}

    def telemetry_file(self):
        path = self.folder / "telemetry.ndjson"
        path.write_bytes(b"\n".join(self.lines) + b"\n")
        return str(path)

    def test_its_topic_says_how_often_each_was_seen(self):
        self.undisturbed()
        daemon = self.daemon("calm")
        _, seen = self.baseline(daemon, "learn", self.telemetry_file())
        _, kept = self.baseline(daemon, "save")
        self.assertEqual(set(kept), set(seen))
        for values, times in kept.items():
            self.assertLessEqual(times, seen[values], values)
            self.assertGreaterEqual(times * 2, seen[values], values)
        self.assertGreater(max(kept.values()), 1)
        shown = subprocess.run(daemon.command("baseline", "show"), check=True, capture_output=True,
                               timeout=60).stdout.decode()
        self.assertIn(f"destination.port): {len(kept)} combinations", shown)

    def test_begins_with_what_was_learnt_and_reviewed(self):
        (self.folder / "learnt.yaml").write_text("baselines: []\n")
        daemon = self.daemon("reviewed", more="learnt: learnt.yaml")
        learnt, seen = self.baseline(daemon, "learn", self.telemetry_file())
        rejected = max(seen)
        lines = learnt.read_text().splitlines()
        learnt.write_text("\n".join(line for line in lines if rejected not in line) + "\n")
        daemon.start()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        kept = [json.loads(record.value)
                for record in self.broker.consume_all("reviewed.baselines")]
        new = {json.dumps(document["values"])[1:-1] for document in kept if not document["learnt"]}
        self.assertEqual(new, {rejected})

    def test_survives_being_killed_at_any_point(self):
        expected = self.undisturbed()
        chance = random.Random(SEED)
        daemon = self.daemon("killed")
        daemon.kill_at_any_point(KILL_ROUNDS, chance, 0.05, 2.0)
        daemon.start()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(self.alert_ids(daemon), expected, daemon.log_text())
        _, seen = self.baseline(daemon, "learn", self.telemetry_file())
        for values, times in self.baseline(daemon, "save")[1].items():
            self.assertLessEqual(times, seen[values], "read again, and counted again")

    def test_canaries_change_no_alert(self):
        expected = self.undisturbed()
        chance = random.Random(SEED)
        daemon = self.daemon("proved", more="canaries: {enabled: true, every: 1s}\n")
        daemon.kill_at_any_point(KILL_ROUNDS // 2, chance, 0.5, 2.5)
        daemon.start()
        self.wait_until_read(daemon)
        kafka_broker.wait_until(lambda: self.broker.consume_all("proved.canaries"), "a canary")
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(self.alert_ids(daemon), expected, daemon.log_text())

    def test_survives_a_rebalance_storm(self):
        expected = self.undisturbed()
        first = self.daemon("storm")
        others = [self.daemon("storm", instance=name) for name in ("two", "three")]
        first.start()
        for other in others:
            other.start()
        kafka_broker.wait_until(lambda: all(daemon.is_joined() for daemon in [first, *others]),
                                "all three to be in the group")
        for other in others:
            other.kill()
        self.wait_until_read(first)
        self.assertEqual(first.stop(), 0, first.log_text())
        self.assertEqual(self.alert_ids(first), expected, first.log_text())

    def test_survives_being_frozen_beyond_its_session(self):
        expected = self.undisturbed()
        frozen = self.daemon("frozen")
        frozen.start()
        kafka_broker.wait_until(frozen.is_joined, "the daemon to be in the group")
        frozen.process.send_signal(signal.SIGSTOP)
        other = self.daemon("frozen", instance="two")
        other.start()
        self.wait_until_read(other)
        frozen.process.send_signal(signal.SIGCONT)
        self.assertEqual(frozen.stop(), 0, frozen.log_text())
        self.assertEqual(other.stop(), 0, other.log_text())
        self.assertEqual(self.alert_ids(other), expected, other.log_text())

    def test_sends_poison_to_the_dead_letter_topic_and_goes_on(self):
        self.broker.create_topic("poisoned", partitions=1)
        poison = [b"\x00\xff\xfe", b'{"cut', b"[" * 5000, b"x" * (900 << 10)]
        records = [(None, value) for value in poison] + [(b"tombstone", None)]
        records += [(None, line) for line in self.lines]
        self.broker.produce("poisoned", records)
        daemon = self.daemon("poison", topics=("poisoned",))
        daemon.start()
        self.wait_until_read(daemon, "poisoned")
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(len(self.alert_ids(daemon)), len(self.undisturbed()))
        letters = self.broker.consume_all("poison.dlq")
        self.assertEqual(sorted(int(dict(letter.headers)["offset"]) for letter in letters),
                         [0, 1, 2, 3])
        self.assertEqual({dict(letter.headers)["topic"] for letter in letters}, {b"poisoned"})

    def test_waits_for_topics_that_are_missing_and_says_which(self):
        daemon = Daemon(self.broker, self.folder, "early")
        self.addCleanup(daemon.close)
        daemon.start()
        kafka_broker.wait_until(lambda: "topics are missing" in daemon.log_text(),
                                "the daemon to name the missing topics")
        self.assertIn("early.alerts", daemon.log_text())
        daemon.create_topics()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.alert_ids(daemon), self.undisturbed())

    def test_what_a_reviewer_takes_out_is_deleted_from_the_topic_and_new_again(self):
        daemon = self.daemon("pruned")
        daemon.start()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        learnt, before = self.baseline(daemon, "save")
        rejected = max(before)
        lines = learnt.read_text().splitlines()
        learnt.write_text("\n".join(line for line in lines if rejected not in line) + "\n")
        pruned = subprocess.run(daemon.command("baseline", "prune", str(learnt)), check=True,
                                capture_output=True, timeout=60).stdout.decode()
        self.assertEqual(pruned, "deleted from web_service_peer: " +
                         rejected.replace('"', "") + "\n")
        _, after = self.baseline(daemon, "save")
        self.assertEqual(set(after), set(before) - {rejected})

    def test_says_which_topic_is_kept_for_less_than_rules_look_back(self):
        self.broker.create_topic("brief.events", partitions=3, configs={"retention.ms": "3600000"})
        daemon = self.daemon("brief")
        said = "brief.events is kept for 1h only, and rules look back 6h"
        listed = subprocess.run(daemon.command("topics"), capture_output=True, check=True,
                                timeout=60)
        warnings = listed.stderr.decode().splitlines()
        self.assertEqual(len(warnings), 1, warnings)
        self.assertIn(said, warnings[0])
        daemon.start()
        kafka_broker.wait_until(daemon.is_joined, "the daemon to be in the group")
        self.assertIn(said, daemon.log_text())
        self.assertEqual(daemon.stop(), 0, daemon.log_text())

    def test_goes_on_after_the_broker_was_restarted(self):
        expected = self.undisturbed()
        daemon = self.daemon("steady")
        daemon.start()
        self.broker.kill()
        self.broker.start()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(self.alert_ids(daemon), expected)


if __name__ == "__main__":
    kafka_broker.main()
