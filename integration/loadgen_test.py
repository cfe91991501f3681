"""What `loadgen` plants, `sequitur replay` must find, and nothing else."""

import collections
import datetime
import json
import pathlib
import shutil
import tempfile
import unittest

import sequitur_cli
from sequitur_cli import replay, run, text

SITE = sequitur_cli.ROOT / "integration" / "shop" / "sequitur.yaml"
MARGIN = datetime.timedelta(seconds=1)
SEVERITIES = ["low", "medium", "high", "critical"]
# Variants of one analytic, told once for a service within this time.
VARIANTS = {"web-exploit-chain": datetime.timedelta(seconds=30),
            "web-upload-exec": datetime.timedelta(seconds=30)}


def moment(stamp):
    return datetime.datetime.fromisoformat(stamp[:26].rstrip("Z")).replace(tzinfo=None)


def gravity(alert):
    return SEVERITIES.index(alert["sequitur"]["severity"]), alert["event"]["severity"]


def service(alert):
    lineages = (step["event"]["sequitur"].get("lineage", {}) for step in alert["sequitur"]["evidence"]
                if step and "sequitur" in step["event"])
    return next((lineage["service"] for lineage in lineages if "service" in lineage), None)


class Fleet(unittest.TestCase):
    """A fleet's telemetry in a folder, its truth, and the alerts on it."""

    def simulate(self, *options):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        done = run("--output", folder, "--attacks", 24, "--look-alikes", 24, "--duration", "1h",
                   "--rate", 5, *options, binary="loadgen")
        self.assertEqual(done.returncode, 0, text(done.stderr))
        with open(folder / "truth.jsonl", encoding="utf-8") as lines:
            self.truth = [json.loads(line) for line in lines]
        (folder / "truth.jsonl").unlink()
        return folder

    def replay(self, folder, *options, suppress=False):
        """What was found; without `suppress` all of it, for one attack may hide the next."""
        alerts, errors, code = replay("--config", SITE, *([] if suppress else ["--no-suppress"]),
                                      *options, folder)
        self.assertEqual(code, 0, errors)
        return alerts

    def judge(self, folder, alerts):
        attacks = [planted for planted in self.truth if planted["kind"] == "attack"]
        evidence = {planted["id"]: {(step["file"], step["line"]) for step in planted["evidence"]}
                    for planted in attacks}
        found = collections.defaultdict(set)
        for alert in alerts:
            steps = [step for step in alert["sequitur"]["evidence"] if step]
            lines = {(str(pathlib.Path(step["position"]["file"]).relative_to(folder)),
                      step["position"]["line"]) for step in steps}
            times = [moment(step["event"]["@timestamp"]) for step in steps]
            causes = []
            for planted in attacks:
                start, end = moment(planted["start"]) - MARGIN, moment(planted["end"]) + MARGIN
                on_host = alert["host"]["name"] == planted["host"]
                if lines & evidence[planted["id"]] or (
                        on_host and any(start <= time <= end for time in times)):
                    causes.append(planted["id"])
            self.assertTrue(causes, f"false alarm: {alert['message']}")
            for cause in causes:
                found[cause].add(alert["rule"]["id"])
        for planted in attacks:
            rules = [rule for rule in found[planted["id"]] if rule.startswith(planted["rule"])]
            self.assertTrue(rules, f"{planted['id']} on {planted['host']} was not found")

    def judge_repetitions(self, alerts):
        self.assertTrue(alerts)
        for prefix, window in VARIANTS.items():
            told = collections.defaultdict(list)
            for alert in alerts:
                if not alert["rule"]["id"].startswith(prefix):
                    continue
                before = told[alert["host"]["name"], service(alert)]
                end = moment(alert["event"]["end"])
                again = [other["message"] for other in before
                         if gravity(other) >= gravity(alert)
                         and end < moment(other["event"]["end"]) + window]
                self.assertFalse(again, f"told again: {alert['message']}")
                before.append(alert)

    def test_shipped_by_filebeat_and_out_of_order(self):
        for seed in (3, 4):
            with self.subTest(seed=seed):
                folder = self.simulate("--seed", seed, "--hosts", 10)
                self.judge(folder, self.replay(folder))
                alerts = self.replay(folder, suppress=True)
                self.judge(folder, alerts)  # attacks here are minutes apart
                self.judge_repetitions(alerts)

    def test_bare_logs_of_one_host(self):
        for role in ("nginx-php", "httpd", "nginx-node", "nginx-php-endpoint"):
            with self.subTest(role=role):
                folder = self.simulate("--seed", 6, "--hosts", 1, "--role", role, "--envelope", "bare")
                host = self.truth[0]["host"]
                self.judge(folder, self.replay(folder, "--host", host))
                self.judge_repetitions(self.replay(folder, "--host", host, suppress=True))


if __name__ == "__main__":
    unittest.main()
