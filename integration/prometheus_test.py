"""A real Prometheus scrapes the real daemon under a load: every query that is
shipped, in dashboards, recording rules and alerts, finds what it asks for."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

import kafka_broker
import kafka_site
from deploy_prometheus_test import PROMETHEUS, alerts, dashboards, promtool_input, rules
from sequitur_cli import BUILD

RULE = "web-exploit-chain"
# Panels and recorded names that show nothing while all is well.
EMPTY_WHEN_WELL = {
    "sequitur-overview: Decoding by result",        # nothing but `decoded`
    "sequitur-overview: Unreadable records",        # no reason was counted
    "sequitur-overview: Hosts lacking telemetry",   # filtered by > 0
    "sequitur-rule-tuning: Complete since",         # from the start
    "sequitur-rule-tuning: Allowed, by entry",      # the site has no entry,
    "sequitur-rule-tuning: Time until entries expire",   # so none expires
    "sequitur-rule-tuning: Given up at a limit",    # no reason was counted
}
# Metrics without a series while all is well, for the same reasons.
UNSEEN_WHEN_WELL = {
    "sequitur_dead_letters_total",
    "sequitur_allowlist_entry_expiry_timestamp_seconds",
    "sequitur_rule_evicted_advanced_sequences_total",
}
SELECTOR = re.compile(r"\b((?:[a-z_]+:)?(?:sequitur|process)_[a-z_]+(?::[a-z0-9_]+)?)(\{[^}]*\})?")


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode("utf-8")
    except (OSError, urllib.error.URLError):
        return ""


class PrometheusTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.broker = kafka_broker.KafkaBroker()
        cls.broker.__enter__()
        cls.addClassCleanup(cls.broker.__exit__, None, None, None)
        cls.start_daemon()
        cls.start_prometheus()
        kafka_broker.wait_until(lambda: cls.query("sum(sequitur_alerts_total) > 0"), "scraped alerts")
        last_match = f'sequitur_rule_last_match_timestamp_seconds{{rule="{RULE}"}} > 0'
        kafka_broker.wait_until(lambda: cls.query(last_match), f"a match of {RULE}")
        # What compares with the sample before needs a few scrapes more.
        kafka_broker.wait_until(lambda: cls.query("rule:sequitur_rule_matches:rate5m > 0")
                                and cls.query("since:sequitur_detection_delay_seconds:p95_30m > 0"),
                                "recorded rates")

    @classmethod
    def start_daemon(cls):
        load = cls.folder / "load"
        cls.run_tool("loadgen", "--output", load, "--hosts", "5", "--rate", "20", "--attacks", "8")
        files = sorted(load.glob("*.ndjson"))
        for path in files:
            cls.broker.create_topic(path.stem)
        config = cls.folder / "sequitur.yaml"
        address = f"127.0.0.1:{kafka_broker.free_port()}"
        cls.daemon_url = f"http://{address}"
        kafka_site.write(config, f"""\
  brokers: ["{cls.broker.bootstrap}"]
  topics: [{", ".join(path.stem for path in files)}]
  partitions: 2
""", more=f'http: {{listen: "{address}"}}\ncanaries: {{enabled: true, every: 2s}}\n')
        cls.run_tool("sequitur", "topics", "--create", "--config", config)
        cls.start([BUILD / "sequitur", "run", "--config", config], "daemon.log")
        kafka_broker.wait_until(lambda: get(cls.daemon_url + "/readyz"), "a ready daemon")
        # In two halves, scraped between: a counter must be seen to increase.
        lines = {path.stem: path.read_bytes().splitlines() for path in files}
        cls.halves = [{topic: all_[:len(all_) // 2] for topic, all_ in lines.items()},
                      {topic: all_[len(all_) // 2:] for topic, all_ in lines.items()}]
        cls.produce(cls.halves[0])

    @classmethod
    def start_prometheus(cls):
        shipped = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
        shipped["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        shipped["rule_files"] = [str(PROMETHEUS / each) for each in shipped["rule_files"]]
        target = cls.daemon_url.removeprefix("http://")
        shipped["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
        config = cls.folder / "prometheus.yml"
        config.write_text(json.dumps(shipped), encoding="utf-8")
        address = f"127.0.0.1:{kafka_broker.free_port()}"
        cls.prometheus_url = f"http://{address}"
        cls.start(["prometheus", f"--config.file={config}", f"--web.listen-address={address}",
                   f"--storage.tsdb.path={cls.folder / 'tsdb'}"], "prometheus.log")
        kafka_broker.wait_until(lambda: cls.query("sequitur_ready == 1"), "a first scrape")
        kafka_broker.wait_until(lambda: cls.query("sum(sequitur_events_total) > 0"), "scraped events")
        cls.produce(cls.halves[1])

    @classmethod
    def produce(cls, lines):
        for topic, records in lines.items():
            cls.broker.produce(topic, [(None, line) for line in records])

    @staticmethod
    def run_tool(binary, *arguments):
        subprocess.run([BUILD / binary, *map(str, arguments)], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)

    @classmethod
    def start(cls, command, log):
        output = open(cls.folder / log, "wb")
        process = subprocess.Popen(command, stdout=output, stderr=output)

        def stop():
            process.terminate()
            process.wait(timeout=60)
            output.close()
        cls.addClassCleanup(stop)

    @classmethod
    def answer(cls, query):
        """(series, error) of an instant query."""
        address = f"{cls.prometheus_url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        try:
            with urllib.request.urlopen(address, timeout=10) as reply:
                return json.load(reply)["data"]["result"], ""
        except urllib.error.HTTPError as why:
            return [], why.read().decode("utf-8")
        except OSError as why:
            return [], str(why)

    @classmethod
    def query(cls, query):
        return cls.answer(query)[0]

    def test_promtool_accepts_the_exposition(self):
        code, output = promtool_input(get(self.daemon_url + "/metrics"), "check", "metrics")
        self.assertEqual((code, output), (0, ""))

    def test_every_panel_shows_data(self):
        shown_empty = set()
        for dashboard in dashboards():
            for panel in dashboard["panels"]:
                where = f'{dashboard["uid"]}: {panel["title"]}'
                for target in panel.get("targets", []):
                    query = (target["expr"].replace("$job", "sequitur").replace("$rule", RULE)
                             .replace("$__range", "5m"))
                    with self.subTest(where, query=query):
                        series, error = self.answer(query)
                        self.assertEqual(error, "")
                        if where in EMPTY_WHEN_WELL:
                            shown_empty.add(where)
                        else:
                            self.assertTrue(series, "no data")
        self.assertEqual(shown_empty, EMPTY_WHEN_WELL)

    def test_every_published_chain_is_measured_against_its_window(self):
        of_rule = f'{{rule="{RULE}"}}'
        kafka_broker.wait_until(
            lambda: self.query(f"sum(sequitur_alerts_total{of_rule}) > 0"
                               f" and sum(sequitur_rule_maxspan_used_ratio_count{of_rule})"
                               f" == sum(sequitur_alerts_total{of_rule})"), "as many as alerts")
        longest = (f"histogram_quantile(1, sum by (le) (sequitur_rule_maxspan_used_ratio_bucket{of_rule}))"
                   " <= 1")
        self.assertTrue(self.query(longest))

    def test_variables_of_dashboards_have_values(self):
        for dashboard in dashboards():
            for variable in dashboard["templating"]["list"][1:]:
                selector = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
                series = self.query(selector[1].replace("$job", "sequitur"))
                self.assertTrue(all(selector[2] in each["metric"] for each in series) and series)

    def test_rules_evaluate_and_name_what_exists(self):
        for rule in rules():
            name = rule.get("alert") or rule["record"]
            with self.subTest(name):
                self.assertEqual(self.answer(rule["expr"])[1], "")
                for metric, matchers in SELECTOR.findall(rule["expr"]):
                    if metric not in UNSEEN_WHEN_WELL:
                        self.assertTrue(self.query(metric + matchers), f"{metric}{matchers}: no data")

    def test_no_rule_fails_and_nothing_critical_fires(self):
        groups = json.loads(get(self.prometheus_url + "/api/v1/rules"))["data"]["groups"]
        loaded = [rule for group in groups for rule in group["rules"]]
        self.assertEqual(len(loaded), len(list(rules())))
        self.assertEqual([rule["name"] for rule in loaded if rule["health"] == "err"], [])
        critical = {rule["alert"] for rule in alerts() if rule["labels"]["severity"] == "critical"}
        firing = {each["metric"]["alertname"] for each in self.query("ALERTS")}
        self.assertEqual(firing & critical, set())


if __name__ == "__main__":
    kafka_broker.main()
