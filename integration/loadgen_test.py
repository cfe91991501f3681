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


def moment(stamp):
    return datetime.datetime.fromisoformat(stamp[:26].rstrip("Z")).replace(tzinfo=None)


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

    def test_shipped_by_filebeat_and_out_of_order(self):
        for seed in (3, 4):
            with self.subTest(seed=seed):
                folder = self.simulate("--seed", seed, "--hosts", 10)
                alerts, errors, code = replay("--config", SITE, folder)
                self.assertEqual(code, 0, errors)
                self.judge(folder, alerts)

    def test_bare_logs_of_one_host(self):
        for role in ("nginx-php", "httpd", "nginx-node", "nginx-php-endpoint"):
            with self.subTest(role=role):
                folder = self.simulate("--seed", 6, "--hosts", 1, "--role", role, "--envelope", "bare")
                host = self.truth[0]["host"]
                alerts, errors, code = replay("--config", SITE, "--host", host, folder)
                self.assertEqual(code, 0, errors)
                self.judge(folder, alerts)


if __name__ == "__main__":
    unittest.main()
