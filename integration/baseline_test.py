"""`sequitur baseline`: what is normal, learnt from files and begun with."""

import json
import pathlib
import shutil
import tempfile
import unittest

from sequitur_cli import run, text

RULE = 'id: new\nname: New\nquery: network where sequitur.novel == "peer"\n'
SITE = """
rules: [rules.yaml]
baselines:
  - name: peer
    fields: [host.name, destination.ip]
    when: event.category == "network"
    learning_period: 0s
"""


def flow(second, address):
    return json.dumps({"@timestamp": f"2026-01-01T00:00:{second:02}Z", "host": {"name": "web-1"},
                       "event": {"category": "network"}, "destination": {"ip": address}})


class Baseline(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.site = self.folder / "sequitur.yaml"
        self.site.write_text(SITE)
        (self.folder / "rules.yaml").write_text(RULE)
        self.learnt = self.folder / "known.yaml"

    def log(self, name, *addresses):
        path = self.folder / name
        path.write_text("\n".join(flow(i, a) for i, a in enumerate(addresses)) + "\n")
        return path

    def learn(self, *addresses):
        done = run("baseline", "learn", "--config", self.site, "--output", self.learnt,
                   self.log("past.ndjson", *addresses))
        self.assertEqual(done.returncode, 0, text(done.stderr))

    def new(self, *addresses):
        done = run("replay", "--config", self.site, "--output", "json",
                   self.log("now.ndjson", *addresses))
        self.assertEqual(done.returncode, 0, text(done.stderr))
        return [json.loads(line)["sequitur"]["evidence"][0]["event"]["destination"]["ip"]
                for line in done.stdout.splitlines()]

    def begin_with_what_was_learnt(self):
        self.site.write_text(SITE + "learnt: known.yaml\n")

    def test_what_was_learnt_is_not_new(self):
        self.learn("192.0.2.1", "192.0.2.2", "192.0.2.1")
        self.assertEqual(self.new("192.0.2.1", "192.0.2.9"), ["192.0.2.1", "192.0.2.9"])
        self.begin_with_what_was_learnt()
        self.assertEqual(self.new("192.0.2.1", "192.0.2.9"), ["192.0.2.9"])

    def test_what_a_reviewer_takes_out_is_new_again(self):
        self.learn("192.0.2.1", "192.0.2.2")
        kept = [line for line in self.learnt.read_text().splitlines() if "192.0.2.2" not in line]
        self.learnt.write_text("\n".join(kept) + "\n")
        self.begin_with_what_was_learnt()
        self.assertEqual(self.new("192.0.2.1", "192.0.2.2"), ["192.0.2.2"])

    def test_counts_and_ages_can_be_reviewed(self):
        self.learn("192.0.2.1", "192.0.2.2", "192.0.2.1")
        self.assertIn('- {values: ["web-1", "192.0.2.1"], first: 2026-01-01T00:00:00.000Z, '
                      'last: 2026-01-01T00:00:02.000Z, seen: 2}  # was new\n', self.learnt.read_text())
        done = run("baseline", "show", "--config", self.site, self.learnt)
        self.assertEqual(done.returncode, 0, text(done.stderr))
        out = text(done.stdout)
        self.assertIn("peer (host.name, destination.ip): 2 combinations", out)
        self.assertRegex(out, r" 2  0 days +2026-01-01T00:00:02.000Z +yes +web-1, 192.0.2.1")

    def test_the_topic_needs_brokers(self):
        for what in "show", "save":
            done = run("baseline", what, "--config", self.site)
            self.assertEqual(done.returncode, 1)
            self.assertIn("kafka.brokers is not set", text(done.stderr))

    def test_a_file_that_is_not_of_this_baseline_is_an_error_of_check(self):
        self.learn("192.0.2.1")
        self.site.write_text(SITE.replace("[host.name, destination.ip]", "[destination.ip]") +
                             "learnt: known.yaml\n")
        done = run("check", "--config", self.site)
        self.assertEqual(done.returncode, 1)
        self.assertIn("known.yaml:3:13: error: the baseline is of other fields: destination.ip",
                      text(done.stdout))


if __name__ == "__main__":
    unittest.main()
