"""The running daemon as its operator meets it: pages, metrics, edits that are
good and bad, a broker that goes away."""

import json
import os
import re
import shutil
import signal
import subprocess
import unittest
import urllib.error
import urllib.request

import kafka_broker
import kafka_site
from sequitur_cli import BUILD

RULE = """\
- id: {id}
  name: {id}
  severity: low
  query: process where process.name == "{program}"
"""


def process(program, second, command=""):
    """One ECS process event."""
    return json.dumps({
        "@timestamp": f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000Z",
        "event": {"category": ["process"], "type": ["start"], "action": "exec"},
        "host": {"name": "web-1"},
        "process": {"name": program, "pid": 100 + second, "command_line": command or program},
    }).encode()


def request(second):
    """One ECS web event."""
    return json.dumps({
        "@timestamp": f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000Z",
        "event": {"category": ["web"], "type": ["access"]},
        "host": {"name": "web-1"},
        "url": {"original": "/", "path": "/"},
        "http": {"response": {"status_code": 200}},
    }).encode()


def shipped(line):
    """A log line as Filebeat sends it."""
    return json.dumps({"@timestamp": "2026-01-01T00:00:09.000Z", "host": {"name": "web-1"},
                       "message": line}).encode()


def sensor_exit(number, program):
    """An eslogger message, the number-th of its sensor; it does not name its host."""
    token = {"pid": 412, "pidversion": 9, "euid": 70, "ruid": 70, "auid": 70}
    return json.dumps({
        "schema_version": 1, "version": 10, "event_type": 15, "global_seq_num": number,
        "time": "2026-01-01T00:00:05.000000Z", "event": {"exit": {"stat": 0}},
        "process": {"audit_token": token, "ppid": 1, "original_ppid": 1, "signing_id": program,
                    "team_id": None, "start_time": "2026-01-01T00:00:00.000001Z",
                    "executable": {"path": f"/bin/{program}", "path_truncated": False}},
    }).encode()


class OperateTest(kafka_broker.BrokerTest):
    def setUp(self):
        super().setUp()
        self.name = self.id().rsplit(".", 1)[1].replace("_", "-")
        self.broker.create_topic(self.name)
        # As Kubernetes mounts a ConfigMap: files are links through ..data.
        self.mounted(1, rules=RULE.format(id="first", program="a"))
        os.symlink(self.folder / "..data" / "rules.yaml", self.folder / "rules.yaml")
        self.config = self.folder / "sequitur.yaml"
        self.write_config()
        self.log = open(self.folder / "log", "ab")
        self.addCleanup(self.log.close)
        subprocess.run([BUILD / "sequitur", "topics", "--create", "--config", self.config],
                       check=False, capture_output=True, timeout=60)
        self.process = subprocess.Popen([BUILD / "sequitur", "run", "--config", self.config],
                                        stderr=self.log)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        kafka_broker.wait_until(lambda: "status page: " in self.log_text(), "the pages")
        self.url = re.search(r"status page: (http://\S+)/", self.log_text())[1]
        kafka_broker.wait_until(lambda: self.get("/readyz")[0] == 200, "readiness")

    def mounted(self, version, rules):
        """Swaps the mounted rules the way the kubelet does."""
        data = self.folder / f"..{version}"
        data.mkdir()
        (data / "rules.yaml").write_text(rules, encoding="utf-8")
        link = self.folder / "..new"
        os.symlink(data.name, link)
        os.rename(link, self.folder / "..data")

    def write_config(self, more="", kafka=""):
        kafka_site.write(self.config, f"""\
  brokers: ["{self.broker.bootstrap}"]
  topics: [{self.name}]
  group: {self.name}
  partitions: 2
  events_topic: {self.name}.events
  alerts_topic: {self.name}.alerts
  baselines_topic: {self.name}.baselines
  shadow_topic: {self.name}.shadow
  dead_letter_topic: {self.name}.dlq
  commit_interval: 100ms
  drain: 1s
{kafka}""", more)
        text = self.config.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^rules: .*$", f"rules: [{self.folder}/rules.yaml]", text)
        self.config.write_text(text, encoding="utf-8")

    def log_text(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def get(self, path, method="GET"):
        """(status, body)"""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def status(self):
        return json.loads(self.get("/api/status")[1])

    def metric(self, series):
        """Value of one series, as written in the text format; None when absent."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def wait_for_metric(self, series, value):
        kafka_broker.wait_until(lambda: self.metric(series) == value, f"{series} to be {value}")

    def send(self, *records, key=None):
        self.broker.produce(self.name, [(key, record) for record in records])

    def restart_with(self, more="", kafka=""):
        """An edit that makes the workers start anew; returns when they are ready."""
        said = self.log_text().count("is live from")
        self.write_config(more, kafka)
        kafka_broker.wait_until(lambda: self.log_text().count("is live from") > said
                                and self.get("/readyz")[0] == 200, "the workers anew")

    def coverage_of_alerts(self):
        """The reasons each alert gives, in order."""
        alerts = self.broker.consume_all(f"{self.name}.alerts")
        return [json.loads(alert.value)["sequitur"].get("coverage_gaps", []) for alert in alerts]

    @staticmethod
    def degraded(rule, reason):
        return f'sequitur_rule_hosts_degraded_telemetry{{rule="{rule}",reason="{reason}"}}'

    def test_metrics_count_what_passes_and_pass_promtool(self):
        self.send(process("a", 1), process("z", 2), b"no event at all", process("a", 3))
        self.wait_for_metric('sequitur_alerts_total{rule="first",severity="low",mode="live"}', 2)
        self.wait_for_metric(f'sequitur_records_total{{stage="ingest",topic="{self.name}"}}', 4)
        self.wait_for_metric('sequitur_dead_letters_total{reason="not_recognised"}', 1)
        self.wait_for_metric('sequitur_decoded_records_total{source="ecs",result="decoded"}', 3)
        self.assertEqual(self.metric('sequitur_rule_stage_hits_total{rule="first",stage="1"}'), 2)
        self.assertEqual(self.metric("sequitur_ready"), 1)
        self.assertEqual(
            self.metric('sequitur_detection_delay_seconds_count{since="arrival"}'), 2)
        checked = subprocess.run(["promtool", "check", "metrics"], capture_output=True, timeout=60,
                                 input=self.get("/metrics")[1].encode(), check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, b""))
        status = self.status()
        self.assertEqual(status["rules"][0]["matches"], 2)
        self.assertIn("first on web-1", status["alerts"][0]["timeline"])

    def test_a_swapped_mount_brings_new_rules(self):
        self.mounted(2, RULE.format(id="first", program="a") + RULE.format(id="second", program="b"))
        kafka_broker.wait_until(lambda: "1 rules new (second)" in self.log_text(), "the reload")
        kafka_broker.wait_until(lambda: self.get("/readyz")[0] == 200, "readiness")
        self.send(process("b", 1))
        self.wait_for_metric('sequitur_alerts_total{rule="second",severity="low",mode="live"}', 1)
        self.assertEqual(self.metric('sequitur_config_reloads_total{result="success"}'), 1)

    def test_a_bad_edit_changes_nothing_and_shows(self):
        self.mounted(2, RULE.format(id="first", program="a") + "- id: broken\n  query: process where and\n")
        self.wait_for_metric("sequitur_config_last_reload_successful", 0)
        self.assertRegex(self.log_text(), r"rules\.yaml:6:\d+: error: ")
        self.assertIn("rules.yaml:6:", self.status()["config"]["last_problem"])
        code, body = self.get("/-/reload", "POST")
        self.assertEqual(code, 400)
        self.assertIn("rules.yaml:6:", body)
        self.send(process("a", 1))
        self.wait_for_metric('sequitur_alerts_total{rule="first",severity="low",mode="live"}', 1)
        self.mounted(3, RULE.format(id="first", program="a"))
        self.wait_for_metric("sequitur_config_last_reload_successful", 1)

    def test_an_allowlist_entry_shows_with_its_end_and_when_it_has_expired(self):
        entry = ("- {{rule: first, where: 'process.command_line == \"{0}\"', owner: o, reason: r, "
                 "expires: {1}}}\n")
        (self.folder / "allow.yaml").write_text(
            entry.format("a fine", "2126-12-31") + entry.format("a once", "2020-01-31"),
            encoding="utf-8")
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(re.sub(r"(?m)^allowlists: .*$", "allowlists: [allow.yaml]", text),
                               encoding="utf-8")
        of_entry = 'rule="first",entry="allow.yaml:{}"'
        expiry = f"sequitur_allowlist_entry_expiry_timestamp_seconds{{{of_entry}}}"
        self.wait_for_metric(expiry.replace("{}", "1"), 4954435200)  # midnight after its last day
        self.assertEqual(self.metric(expiry.replace("{}", "2")), 1580515200)
        self.send(process("a", 1, command="a fine"), process("a", 2, command="a once"))
        self.wait_for_metric('sequitur_alerts_total{rule="first",severity="low",mode="live"}', 1)
        hits = f"sequitur_allowlist_hits_total{{{of_entry}}}"
        self.wait_for_metric(hits.replace("{}", "1"), 1)
        self.assertEqual(self.metric(hits.replace("{}", "2")), 0)
        self.assertEqual({entry["entry"]: entry["hits"] for entry in self.status()["allowlist"]},
                         {"allow.yaml:1": 1, "allow.yaml:2": 0})

    def test_a_signal_and_a_request_reload(self):
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_metric('sequitur_config_reloads_total{result="success"}', 1)
        self.assertEqual(self.get("/-/reload", "POST"), (200, "no rule changed\n"))

    def test_a_source_that_fell_behind_shows_by_rule_and_in_alerts(self):
        # An hour into the log: what happened in its first seconds is too late.
        self.send(request(3600), process("a", 1), process("a", 2), process("a", 3))
        self.wait_for_metric(self.degraded("first", "late_process"), 1)
        # The rule needs no web telemetry, which came through the same topic.
        self.assertEqual(self.metric(self.degraded("first", "late_web")), 0)
        status = self.status()
        self.assertEqual(status["rules"][0]["hosts_degraded"]["late_process"], 1)
        self.assertEqual(status["hosts"]["gaps"],
                         [{"host": "web-1", "lacks": {}, "degraded": ["late_process"]}])
        kafka_broker.wait_until(lambda: len(self.coverage_of_alerts()) == 3, "three alerts")
        # Not an odd old event: the second or third in a row is one too many.
        self.assertEqual([self.coverage_of_alerts()[i] for i in (0, 2)], [[], ["late_process"]])

    def test_times_without_a_zone_show_by_rule_and_in_alerts(self):
        self.mounted(2, """\
- {id: first, name: first, severity: low, query: 'web where source.ip != null'}
- {id: second, name: second, severity: low, query: 'process where process.name == "b"'}
""")
        kafka_broker.wait_until(lambda: "1 rules new (second)" in self.log_text(), "the reload")
        line = ('2026/01/01 00:00:09 [error] 12#12: *7 open() "/srv/x" failed (2: No such file or '
                'directory), client: 198.51.100.7, server: shop, request: "GET /x HTTP/1.1", '
                'host: "shop"')
        self.send(shipped(line))
        self.wait_for_metric(self.degraded("first", "time_zone_assumed"), 1)
        self.assertEqual(self.metric(self.degraded("second", "time_zone_assumed")), 0)
        kafka_broker.wait_until(lambda: self.coverage_of_alerts() == [["time_zone_assumed"]],
                                "an alert that says so")

    def test_a_starved_source_shows_on_its_hosts(self):
        self.mounted(2, RULE.format(id="first", program="a") + """\
- id: chain
  name: chain
  query: |
    sequence by host.name with maxspan=1m
      [web where url.path == "/x"] [process where process.name == "a"]
""")
        self.restart_with("coverage: {window: 1s}\n")
        self.send(process("z", 0), request(0))
        lacking = 'sequitur_rule_hosts_lacking_telemetry{rule="chain",lacks="process"}'
        self.wait_for_metric(lacking, 0)
        seconds = iter(range(60, 36000, 60))  # each request is a heartbeat

        def starved():
            self.send(request(next(seconds)))
            return self.metric(lacking) == 1
        kafka_broker.wait_until(starved, "a host without process events")
        gaps = kafka_broker.wait_until(lambda: self.status()["hosts"]["gaps"], "the host")
        self.assertEqual([(gap["host"], list(gap["lacks"])) for gap in gaps], [("web-1", ["process"])])
        self.assertGreater(gaps[0]["lacks"]["process"], 0)  # it did, once

    def test_lost_sensor_messages_show_where_the_key_is_the_host(self):
        self.broker.set_partitions(self.name, 2)
        self.restart_with(kafka="  workers: 2\n")  # neither reads the whole topic
        numbers = [*range(1, 10), *range(20, 1100)]
        self.send(*[sensor_exit(number, "z") for number in numbers], key="web-1")
        self.send(sensor_exit(1100, "a"), key="web-1")
        self.wait_for_metric("sequitur_es_sequence_missing_events_total", 10)
        self.wait_for_metric("sequitur_es_sequence_gaps_total", 1)
        self.wait_for_metric(self.degraded("first", "es_sequence_gap"), 1)
        kafka_broker.wait_until(lambda: self.coverage_of_alerts() == [["es_sequence_gap"]],
                                "an alert that says so")
        self.assertEqual(self.metric("sequitur_es_sequence_unwatched_events_total"), 0)
        self.send(sensor_exit(1, "z"), sensor_exit(9, "z"))
        self.wait_for_metric("sequitur_es_sequence_unwatched_events_total", 2)

    def test_health_asks_the_daemon(self):
        for page, code in (("/healthz", 0), ("/livez", 0), ("/nothing", 1)):
            asked = subprocess.run([BUILD / "sequitur", "health", "--url", self.url + page],
                                   capture_output=True, timeout=60, check=False)
            self.assertEqual(asked.returncode, code, page)

    def test_the_log_is_json_when_asked_for_and_no_message_forges_a_line(self):
        self.write_config("log: {format: json}\n")
        kafka_broker.wait_until(lambda: '"message":"reloaded: ' in self.log_text(), "the reload")
        self.send(b'{"@timestamp": "x\n2026-01-01T00:00:00Z error forged", "event": "\x1b[2J"}')
        kafka_broker.wait_until(lambda: "cannot be read" in self.log_text(), "the warning")
        lines = self.log_text().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("{"))
        for line in lines[first:]:
            self.assertEqual(set(json.loads(line)), {"@timestamp", "log.level", "message"})

    @unittest.skipUnless(shutil.which("chromium"), "no chromium")
    def test_a_browser_draws_the_page(self):
        self.send(request(3600), *[process("z", second) for second in range(3)],
                  process("a", 1, command="a <img src=x onerror=alert(1)>"))
        self.wait_for_metric('sequitur_alerts_total{rule="first",severity="low",mode="live"}', 1)
        self.wait_for_metric(self.degraded("first", "late_process"), 1)
        drawn = subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             f"--user-data-dir={self.folder}/chromium", "--virtual-time-budget=4000", "--dump-dom",
             self.url + "/"], capture_output=True, timeout=120, check=True).stdout.decode()
        self.assertRegex(drawn, r'id="state"[^>]*>ready<')
        for text, there in (("<b>first</b>", True), ("<img", False), ("&lt;img src=x", True),
                            ("late_process: 1", True), (">late_process<", True)):
            self.assertEqual(text in drawn, there, text)

    def test_a_stop_ends_also_without_brokers(self):
        self.send(process("a", 1))
        self.wait_for_metric('sequitur_alerts_total{rule="first",severity="low",mode="live"}', 1)
        self.broker.kill()
        self.addCleanup(self.broker.start)
        self.process.send_signal(signal.SIGTERM)
        # A session, which leaving a group would wait for, lasts 45 s.
        self.assertEqual(self.process.wait(timeout=30), 0)

    def test_a_lost_broker_shows_and_heals(self):
        self.broker.kill()
        self.wait_for_metric("sequitur_healthy", 0)
        self.assertEqual(self.metric('sequitur_broker_connected{stage="correlate"}'), 0)
        self.assertEqual(self.get("/livez")[0], 200)
        code, body = self.get("/healthz")
        self.assertEqual((code, body), (503, "the brokers do not answer\n"))
        self.broker.start()
        kafka_broker.wait_until(lambda: self.get("/readyz")[0] == 200, "readiness")
        self.send(process("a", 1))
        self.wait_for_metric('sequitur_alerts_total{rule="first",severity="low",mode="live"}', 1)


if __name__ == "__main__":
    kafka_broker.main()
