"""Keyed placement against a real broker: topics that are keyed by host and
partitioned alike, read as they are. How they interleave is not in any log, so two
runs may put a chain together from other records; what must hold is that each
rule finds what it finds on the same hosts, and uses no record twice."""

import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
from datetime import datetime

import kafka_broker
from kafka_daemon_test import Daemon
from sequitur_cli import BUILD

KILL_ROUNDS = int(os.environ.get("SEQUITUR_KILL_ROUNDS", "3"))
SEED = int(os.environ.get("SEQUITUR_SEED", "1"))
PARTITIONS = 3
# Suppression groups of the shipped rules.
GROUPS = ("web-exploit-chain", "web-upload-exec", "webshell-first-use", "installer-package-egress")
TOPICS = {
    "web": ("nginx-access", "nginx-error", "httpd-access", "httpd-error", "php-fpm"),
    "endpoint": ("eslogger", "endpoint"),
    "flows": ("flows",),
}


def host_of(document):
    """Whose record it is: a flow's is the initiator's, or the server's."""
    if "id.orig_h" in document.get("message", ""):
        flow = json.loads(document["message"])
        for address in (flow["id.orig_h"], flow["id.resp_h"]):
            ours = re.fullmatch(r"10\.20\.1\.(\d+)", address)
            if ours:
                return f"web-{int(ours[1]) - 10:02}"
    return document["host"]["name"]


def telemetry():
    """{topic: records for produce()}: keyed by host, with the times they were
    shipped at, and a host's partition the same in all topics."""
    topics = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(BUILD / "loadgen"), "--output", folder, "--hosts", "5", "--rate", "30",
                        "--attacks", "8", "--seed", "1"], check=True, stdout=subprocess.DEVNULL)
        for topic, sources in TOPICS.items():
            records = []
            for source in sources:
                path = pathlib.Path(folder) / f"{source}.ndjson"
                for line in path.read_bytes().splitlines() if path.exists() else []:
                    document = json.loads(line)
                    host = host_of(document)
                    shipped = datetime.fromisoformat(document["@timestamp"].replace("Z", "+00:00"))
                    records.append((host, line, int(host[-2:]) % PARTITIONS,
                                    int(shipped.timestamp() * 1000)))
            topics[topic] = sorted(records, key=lambda record: record[3])
    return topics


class KafkaKeyedTest(kafka_broker.BrokerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.telemetry = telemetry()
        for topic, records in cls.telemetry.items():
            cls.broker.create_topic(topic, partitions=PARTITIONS)
            cls.broker.produce(topic, records)

    def daemon(self, name, topics=tuple(TOPICS), **options):
        # Longer than the telemetry, so that the order of topics decides nothing.
        daemon = Daemon(self.broker, self.folder, name, topics=topics,
                        **{"placement": "keyed", "more": "lateness: 1h\n", **options})
        self.addCleanup(daemon.close)
        daemon.create_topics()
        return daemon

    def wait_until_read(self, daemon, *reads):
        """It has committed all there is, as (group, topic)."""
        for group, topic in reads or [(daemon.name, topic) for topic in TOPICS]:
            kafka_broker.wait_until(
                lambda: daemon.process.poll() is not None or self.all_committed(group, topic),
                f"{group} to read all of {topic}")
        self.assertIsNone(daemon.process.poll(), daemon.log_text())

    def all_committed(self, group, topic):
        committed = self.broker.committed(group, topic)
        return all((committed.get(partition) or 0) >= end
                   for partition, end in self.broker.end_offsets(topic).items() if end > 0)

    def found(self, daemon):
        """{(analytic, host)} of its alerts, of which no two of a rule rest on one record.
        Which variant of an analytic tells an incident first is a matter of arrival."""
        found, used, ids = set(), set(), set()
        for record in self.broker.consume_all(daemon.alerts):
            alert = json.loads(record.value)
            rule = alert["rule"]["id"]
            self.assertNotIn(alert["event"]["id"], ids)
            ids.add(alert["event"]["id"])
            analytic = next((name for name in GROUPS if rule.startswith(name)), rule)
            found.add((analytic, alert["host"]["name"]))
            for stage, evidence in enumerate(alert["sequitur"]["evidence"]):
                hit = (rule, stage, *evidence["position"].values()) if evidence else None
                self.assertNotIn(hit, used)
                used |= {hit} - {None}
        return found

    def shuffled(self):
        """What the shuffle finds in the same topics."""
        if not hasattr(KafkaKeyedTest, "expected"):
            daemon = self.daemon("shuffled", placement="shuffle")
            daemon.start()
            self.wait_until_read(daemon, *(("shuffled-ingest", topic) for topic in TOPICS))
            self.wait_until_read(daemon, ("shuffled", "shuffled.events"))
            self.assertEqual(daemon.stop(), 0, daemon.log_text())
            KafkaKeyedTest.expected = self.found(daemon)
        return KafkaKeyedTest.expected

    def test_finds_what_the_shuffle_finds(self):
        expected = self.shuffled()
        self.assertGreater(len(expected), 5)
        daemon = self.daemon("calm")
        daemon.start()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(self.found(daemon), expected, daemon.log_text())
        self.assertNotIn("is on partitions", daemon.log_text())
        self.assertNotIn("calm.events", self.broker.topics())

    def test_survives_being_killed_at_any_point(self):
        expected = self.shuffled()
        chance = random.Random(SEED)
        daemon = self.daemon("killed")
        daemon.kill_at_any_point(KILL_ROUNDS, chance, 0.1, 1.5)
        daemon.start()
        self.wait_until_read(daemon)
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(self.found(daemon), expected, daemon.log_text())

    def test_topics_of_other_sizes_are_an_error_that_says_which(self):
        self.broker.create_topic("odd", partitions=2)
        daemon = self.daemon("uneven", topics=("web", "odd"))
        daemon.start()
        self.assertEqual(daemon.process.wait(timeout=60), 1)
        self.assertIn("odd has 2, web has 3; raise all to 3", daemon.log_text())

    def test_a_pattern_that_names_topics_of_other_sizes_is_the_same_error(self):
        for topic, partitions in (("varied-a", 1), ("varied-b", 2)):
            self.broker.create_topic(topic, partitions=partitions)
        daemon = self.daemon("pattern", topics=('"^varied-.*"',))
        daemon.start()
        self.assertEqual(daemon.process.wait(timeout=60), 1, daemon.log_text())
        self.assertIn("varied-a has 1, varied-b has 2; raise all to 2", daemon.log_text())

    def test_reports_a_host_on_two_partitions_and_sends_poison_away(self):
        self.broker.create_topic("astray", partitions=PARTITIONS)
        records = [record for record in self.telemetry["web"] if record[0] == "web-01"][:4]
        astray = [("", records[0][1], 0), ("", records[1][1], 1), ("", records[2][1], 2),
                  ("", b'{"cut', 0), ("", None, 1)]
        self.broker.produce("astray", astray)
        daemon = self.daemon("lost", topics=("astray",))
        daemon.start()
        self.wait_until_read(daemon, ("lost", "astray"))
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        self.assertEqual(daemon.log_text().count("host web-01 is on partitions"), 1)
        letters = self.broker.consume_all("lost.dlq")
        self.assertEqual([dict(letter.headers)["topic"] for letter in letters], [b"astray"])

    def test_has_no_roles(self):
        daemon = self.daemon("roles")
        for role in ("ingest", "correlate"):
            ended = subprocess.run(daemon.command("run", "--role", role), capture_output=True,
                                   text=True, check=False, timeout=60)
            self.assertEqual(ended.returncode, 1)
            self.assertIn("one stage only", ended.stderr)


if __name__ == "__main__":
    kafka_broker.main()
