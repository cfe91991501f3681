"""Canaries against a real broker: every shipped rule is proved alive on every
partition, one that cannot find anything shows, and nothing that comes in with the
telemetry can pass for a canary or be taken for one."""

import collections
import json
import re
import shutil
import subprocess
import urllib.request

import kafka_broker
from sequitur_cli import BUILD, ROOT

PARTITIONS = 2
EVERY = 3  # seconds

# Besides the shipped ones, so that a host may be given any name.
PLANTED = """\
id: planted
name: Planted
severity: low
query: process where process.name == "planted"
tests:
  - {name: fires, events: [{event.category: process, process.name: planted}], expect: 1}
"""


def planted_on(host):
    return json.dumps({
        "@timestamp": "2026-01-01T00:00:00.000Z",
        "event": {"category": ["process"], "type": ["start"], "action": "exec"},
        "host": {"id": host, "name": host},
        "process": {"name": "planted", "pid": 7, "command_line": "planted"},
    }).encode()


class KafkaCanaryTest(kafka_broker.BrokerTest):
    def setUp(self):
        super().setUp()
        self.name = self.id().rsplit(".", 1)[1].replace("_", "-")
        self.topic = f"{self.name}.in"
        self.broker.create_topic(self.topic, partitions=PARTITIONS)
        # The shipped site.
        shutil.copytree(ROOT / "config", self.folder / "config")
        self.shipped = (self.folder / "config/sequitur.yaml").read_text(encoding="utf-8")
        (self.folder / "config/rules/planted.yaml").write_text(PLANTED, encoding="utf-8")
        self.log = open(self.folder / "log", "ab")
        self.addCleanup(self.log.close)

    def configure(self, canaries=f"{{enabled: true, every: {EVERY}s}}", placement="shuffle"):
        (self.folder / "config/sequitur.yaml").write_text(f"""{self.shipped}
canaries: {canaries}
http: {{listen: 127.0.0.1:0}}
kafka:
  brokers: ["{self.broker.bootstrap}"]
  topics: [{self.topic}]
  placement: {placement}
  group: {self.name}
  partitions: {PARTITIONS}
  events_topic: {self.name}.events
  alerts_topic: {self.name}.alerts
  shadow_topic: {self.name}.shadow
  canary_topic: {self.name}.canaries
  baselines_topic: {self.name}.baselines
  dead_letter_topic: {self.name}.dlq
  commit_interval: 100ms
  drain: 1s
""", encoding="utf-8")

    def command(self, *arguments):
        return [BUILD / "sequitur", *arguments, "--config", self.folder / "config/sequitur.yaml"]

    def start(self):
        """A daemon; the pages asked from now on are its."""
        subprocess.run(self.command("topics", "--create"), check=False, capture_output=True,
                       timeout=60)
        begun = len(self.log_text())
        self.process = subprocess.Popen(self.command("run"), stderr=self.log)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        page = re.compile(r"status page: (http://\S+)/")
        kafka_broker.wait_until(lambda: page.search(self.log_text(), begun), "the pages")
        self.url = page.search(self.log_text(), begun)[1]
        return self.process

    def stop(self):
        self.process.terminate()
        self.assertEqual(self.process.wait(timeout=60), 0, self.log_text())

    def log_text(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return answer.read().decode()

    def status(self):
        return json.loads(self.get("/api/status"))

    def canaries(self):
        """What is told of each rule's, by id."""
        return {told["rule"]: told for told in self.status().get("canaries", {}).get("rules", [])}

    def metric(self, series):
        for line in self.get("/metrics").splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def alerts(self, topic):
        return [json.loads(record.value) for record in self.broker.consume_all(f"{self.name}.{topic}")]

    def proved(self):
        """(rule, host) of all canary alerts."""
        return {(alert["rule"]["id"], alert["host"]["name"]) for alert in self.alerts("canaries")}

    def wait_until_proved(self):
        kafka_broker.wait_until(lambda: self.canaries(), "a report")
        rules = {rule["id"] for rule in self.status()["rules"]}
        every = {(rule, f"sequitur-canary-{partition}")
                 for rule in rules for partition in range(PARTITIONS)}
        self.assertGreater(len(rules), 20)
        kafka_broker.wait_until(lambda: self.proved() >= every,
                                "each rule to be proved on each partition")
        self.assertEqual(self.proved(), every)

    def wait_until_live(self):
        kafka_broker.wait_until(lambda: self.status()["ready"], "readiness")

    def test_every_shipped_rule_is_alive_and_only_the_canary_topic_says_so(self):
        self.configure()
        self.start()
        self.wait_until_live()
        self.wait_until_proved()
        self.assertEqual(self.alerts("alerts"), [])
        self.assertEqual(self.alerts("shadow"), [])
        self.assertEqual(self.alerts("baselines"), [])
        self.assertEqual({alert["sequitur"]["mode"] for alert in self.alerts("canaries")}, {"canary"})
        status = self.status()
        self.assertEqual(status["alerts"], [])
        self.assertEqual(status["hosts"]["known"], 0)
        self.assertEqual(sum(status["events"].values()), 0)
        for rule in status["rules"]:
            self.assertEqual((rule["alerts"], rule["matches"], sum(rule["stage_hits"])), (0, 0, 0))
        for rule, told in self.canaries().items():
            self.assertNotIn("none", told, rule)
            self.assertGreater(told["last_detected"], 0)
            self.assertGreater(told["last_delay_seconds"], 0)
        self.assertGreaterEqual(self.metric("sequitur_canary_detection_delay_seconds_count"),
                                PARTITIONS * len(status["rules"]))
        self.assertEqual(self.metric("sequitur_canary_interval_seconds"), EVERY)
        checked = subprocess.run(["promtool", "check", "metrics"], capture_output=True, timeout=60,
                                 input=self.get("/metrics").encode(), check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, b""))

    def test_a_rule_that_can_find_nothing_is_missed_until_it_can(self):
        self.configure()
        services = self.folder / "config/services.yaml"
        whole = services.read_text(encoding="utf-8")
        # All that follows the first entry of its list: httpd and php-fpm among them.
        first, second = [found.start() for found in re.finditer("(?m)^  - name:", whole)][:2]
        services.write_text(whole[:second], encoding="utf-8")
        self.start()
        self.wait_until_live()
        dead = 'sequitur_canary_missed_total{rule="webshell-first-use",reason="no_alert"}'
        kafka_broker.wait_until(lambda: (self.metric(dead) or 0) >= PARTITIONS, "it to be missed")
        told = self.canaries()["webshell-first-use"]
        self.assertEqual(told["missing_on_partitions"], list(range(PARTITIONS)))
        self.assertEqual((told["detected"], told["last_detected"]), (0, 0))
        kafka_broker.wait_until(lambda: self.canaries()["planted"]["detected"], "another to be alive")
        self.assertEqual(self.canaries()["planted"]["missed"]["no_alert"], 0)
        self.assertIn("webshell-first-use finds nothing in any of its tests", self.log_text())
        checked = subprocess.run(self.command("check"), capture_output=True, timeout=60, check=True)
        self.assertIn(b"  missed by webshell-first-use: none of its tests", checked.stdout)
        self.page_shows("missed on partition 0, 1", "no_alert: ", "alive, seen ")
        services.write_text(whole, encoding="utf-8")
        kafka_broker.wait_until(
            lambda: self.canaries().get("webshell-first-use", {}).get("detected"), "it to be alive")
        kafka_broker.wait_until(
            lambda: self.canaries()["webshell-first-use"]["missing_on_partitions"] == [], "everywhere")

    def page_shows(self, *texts):
        if not shutil.which("chromium"):
            return
        drawn = subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             f"--user-data-dir={self.folder}/chromium", "--virtual-time-budget=4000", "--dump-dom",
             self.url + "/"], capture_output=True, timeout=120, check=True).stdout.decode()
        for text in texts:
            self.assertIn(text, drawn)

    def senders(self):
        """{partition: whose canaries it has, one after the other}."""
        senders = {}
        for record in self.broker.consume_all(f"{self.name}.events"):
            of_partition = senders.setdefault(record.partition, [])
            sender = record.value[3:11]
            if not of_partition or of_partition[-1] != sender:
                of_partition.append(sender)
        return senders

    def test_a_partition_has_one_owner_who_proves_it(self):
        self.configure()
        first = self.start()
        self.wait_until_live()
        self.wait_until_proved()
        self.start()
        assigned = 'sequitur_partitions_assigned{stage="correlate"}'
        kafka_broker.wait_until(lambda: self.metric(assigned) == 1, "the second to have its part")
        kafka_broker.wait_until(lambda: [len(of) for of in self.senders().values()].count(2) == 1,
                                "the second's canaries")
        first.terminate()
        self.assertEqual(first.wait(timeout=60), 0, self.log_text())
        kafka_broker.wait_until(lambda: self.metric(assigned) == PARTITIONS, "the second to have all")
        before = collections.Counter(alert["host"]["name"] for alert in self.alerts("canaries"))

        def goes_on():
            now = collections.Counter(alert["host"]["name"] for alert in self.alerts("canaries"))
            return len(before) == PARTITIONS and all(now[host] > before[host] for host in before)
        kafka_broker.wait_until(goes_on, "canaries on both")
        # Each is a stretch: no partition had two at a time.
        self.assertEqual([len(of) for of in self.senders().values()], [2, 2])
        for of_partition in self.senders().values():
            self.assertEqual(len(set(of_partition)), len(of_partition))
        self.assertEqual(self.alerts("alerts"), [])

    def test_nothing_that_comes_in_can_pass_for_a_canary_or_be_taken_for_one(self):
        self.configure()
        self.start()
        self.wait_until_live()
        self.wait_until_proved()
        # A host that calls itself one, and a canary as it was read from the events topic.
        canary = next(record for record in self.broker.consume_all(f"{self.name}.events"))
        self.assertEqual(canary.value[:2], b"SC")
        hosts = [f"sequitur-canary-{partition}" for partition in range(PARTITIONS)]
        self.broker.produce(self.topic, [(None, planted_on(host)) for host in hosts] +
                            [(None, canary.value)])
        kafka_broker.wait_until(lambda: len(self.alerts("alerts")) == PARTITIONS, "the alerts")
        found = self.alerts("alerts")
        self.assertEqual(sorted(alert["host"]["name"] for alert in found), hosts)
        self.assertEqual({alert["sequitur"]["mode"] for alert in found}, {"live"})
        kafka_broker.wait_until(lambda: self.broker.consume_all(f"{self.name}.dlq"), "a dead letter")
        self.assertEqual(self.broker.consume_all(f"{self.name}.dlq")[0].value, canary.value)
        self.assertEqual(
            self.metric('sequitur_alerts_total{rule="planted",severity="low",mode="live"}'),
            PARTITIONS)

    def test_a_restart_reads_them_again_and_says_nothing(self):
        self.configure()
        self.start()
        self.wait_until_live()
        self.broker.produce(self.topic, [(None, planted_on("web-1"))])
        self.wait_until_proved()
        kafka_broker.wait_until(lambda: self.alerts("alerts"), "the alert")
        self.stop()
        before = len(self.alerts("canaries"))
        self.configure(canaries="{enabled: false}")
        self.start()
        self.wait_until_live()
        read = f'sequitur_records_total{{stage="correlate",topic="{self.name}.events"}}'
        kafka_broker.wait_until(lambda: (self.metric(read) or 0) > before, "what was read before")
        self.assertIsNone(self.metric("sequitur_canary_interval_seconds"))
        self.assertNotIn("canaries", self.status())
        self.assertGreaterEqual(self.metric("sequitur_canaries_passed_over_total"), before)
        self.stop()
        self.assertEqual(len(self.alerts("canaries")), before)
        self.assertEqual(len(self.alerts("alerts")), 1)
        self.assertNotIn("is no event of ours", self.log_text())

    def test_keyed_topics_are_proved_without_writing_to_them(self):
        self.configure(placement="keyed")
        self.start()
        self.wait_until_live()
        self.wait_until_proved()
        self.assertEqual(self.broker.consume_all(self.topic), [])
        self.assertEqual(self.alerts("alerts"), [])


if __name__ == "__main__":
    kafka_broker.main()
