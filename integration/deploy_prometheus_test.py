"""What deploy/ ships for Prometheus and Grafana: rules that promtool accepts and
whose tests pass, dashboards as their generator writes them, names that exist."""

import json
import re
import runpy
import subprocess
import unittest

import yaml

from sequitur_cli import ROOT

DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
GUIDE = DEPLOY / "OPERATING.md"
METRIC = re.compile(r"\b(?:sequitur|process)_[a-z_]+\b(?!\s*\()")


def promtool(*arguments):
    return promtool_input("", *arguments)


def promtool_input(text, *arguments):
    """(exit code, output) of promtool with `text` as its standard input."""
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True,
                          text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def rules():
    for path in sorted((PROMETHEUS / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def alerts():
    return [rule for rule in rules() if "alert" in rule]


def dashboards():
    return [json.loads(path.read_text(encoding="utf-8"))
            for path in sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))]


def expressions():
    """Every query that is shipped, with where it stands."""
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for dashboard in dashboards():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                yield f'{dashboard["uid"]}: {panel["title"]}', target["expr"]


def documented_metrics():
    """The names in the guide's table, whole. A histogram has three."""
    table = GUIDE.read_text(encoding="utf-8").split("\n## Metrics\n")[1].split("\n## ")[0]
    names = {"process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}
    for line in table.splitlines():
        if line.startswith("| `"):
            for name in re.findall(r"`([a-z_]+)(?:\{[^`]*\})?`", line.split("|")[1]):
                names |= {f"sequitur_{name}", f"sequitur_{name}_bucket", f"sequitur_{name}_count"}
    return names


class PrometheusTest(unittest.TestCase):
    def test_promtool_accepts_configuration_and_rules(self):
        code, output = promtool("check", "config", PROMETHEUS / "prometheus.yml")
        self.assertEqual(code, 0, output)
        self.assertIn(f"{len(alerts())} rules found", output)

    def test_the_rules_tests_pass(self):
        code, output = promtool("test", "rules", *sorted((PROMETHEUS / "tests").glob("*.yml")))
        self.assertEqual(code, 0, output)

    def test_every_alert_is_tested_to_fire(self):
        tests = "".join(path.read_text(encoding="utf-8")
                        for path in (PROMETHEUS / "tests").glob("*.yml"))
        for rule in alerts():
            self.assertIn(f'alertname="{rule["alert"]}",alertstate="firing"', tests)

    def test_every_alert_says_what_to_do(self):
        for rule in alerts():
            with self.subTest(rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook"})
                self.assertEqual(rule["annotations"]["runbook"],
                                 f'deploy/OPERATING.md#{rule["alert"].lower()}')

    def test_the_guide_has_a_section_for_every_alert(self):
        headings = re.findall(r"^#+ (Sequitur\w+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
        self.assertEqual(sorted(headings), sorted(rule["alert"] for rule in alerts()))

    def test_queries_ask_for_metrics_that_the_guide_documents(self):
        known = documented_metrics()
        recorded = {rule["record"] for rule in rules() if "record" in rule}
        for where, query in expressions():
            with self.subTest(where):
                for name in recorded:
                    query = query.replace(name, "")
                query = re.sub(r"\b(?:by|without)\s*\([^)]*\)", "", query)
                self.assertLessEqual(set(METRIC.findall(query)), known)


class GrafanaTest(unittest.TestCase):
    def test_dashboards_are_what_the_generator_writes(self):
        texts = runpy.run_path(str(DEPLOY / "grafana" / "generate.py"))["texts"]()
        files = {path.name: path.read_text(encoding="utf-8")
                 for path in (DEPLOY / "grafana" / "dashboards").glob("*.json")}
        self.assertEqual(files, texts)

    def test_panels_explain_themselves_and_lie_beside_each_other(self):
        for dashboard in dashboards():
            taken = set()
            for panel in dashboard["panels"]:
                with self.subTest(panel["title"]):
                    self.assertIn(panel["type"], ("row", "stat", "timeseries", "bargauge"))
                    place = panel["gridPos"]
                    cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                             for y in range(place["y"], place["y"] + place["h"])}
                    self.assertFalse(taken & cells)
                    taken |= cells
                    self.assertLessEqual(place["x"] + place["w"], 24)
                    if panel["type"] != "row":
                        self.assertTrue(panel["description"].endswith("."))
                        self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])

    def test_the_datasource_is_a_variable(self):
        for dashboard in dashboards():
            for panel in dashboard["panels"]:
                for target in panel.get("targets", []):
                    self.assertEqual(target["datasource"]["uid"], "${datasource}")


if __name__ == "__main__":
    unittest.main()
