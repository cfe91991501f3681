"""`sequitur diff`: alerts gained and lost between two configurations, and why."""

import json
import pathlib
import shutil
import tempfile
import unittest

from sequitur_cli import run, text

RULE = """
- id: chain
  name: Chain
  severity: low
  query: |
    sequence by host.id with maxspan=1m
      [process where process.name == "a"]
      [process where process.name in~ $last]
"""
SITE = """
rules: [rules.yaml]
lists: [lists.yaml]
allowlists: [allow.yaml]
"""


def ecs(name, second, **more):
    return json.dumps({"@timestamp": f"2026-01-01T00:{second // 60:02}:{second % 60:02}Z",
                       "event": {"category": "process"}, "host": {"name": "web-1"},
                       "process": {"name": name}, **more})


class Diff(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.log = self.folder / "events.ndjson"
        self.log.write_text("\n".join([ecs("a", 0), ecs("b", 40)]) + "\n")
        self.old = self.site("old")

    def site(self, name, rules=RULE, site=SITE, lists="last: [b]\n", allow=""):
        folder = self.folder / name
        folder.mkdir()
        for file, content in {"sequitur.yaml": site, "rules.yaml": rules, "lists.yaml": lists,
                              "allow.yaml": allow}.items():
            (folder / file).write_text(content)
        return folder / "sequitur.yaml"

    def changes(self, old, new, *options):
        done = run("diff", old, new, self.log, "--output", "json", *options)
        self.assertEqual(done.returncode, 0, text(done.stderr))
        return [json.loads(line) for line in text(done.stdout).splitlines()]

    def the_change(self, new, what, place=None):
        """The one alert that NEW loses, with its one reason."""
        [lost] = self.changes(self.old, new)
        self.assertEqual((lost["change"], lost["rule.id"]), ("lost", "chain"))
        [reason] = lost["reasons"]
        self.assertEqual(reason["what"], what, reason)
        if place:
            self.assertEqual(f"{pathlib.Path(reason['file']).name}:{reason['line']}", place)
        # The other way round it is gained, for the same reason.
        [gained] = self.changes(new, self.old)
        self.assertEqual(gained["change"], "gained")
        self.assertEqual(gained["reasons"], lost["reasons"])
        return reason["text"]

    def test_the_same_configuration_twice_differs_in_nothing(self):
        self.assertEqual(self.changes(self.old, self.site("same")), [])

    def test_a_rule_that_is_gone(self):
        other = RULE.replace("id: chain", "id: other").replace('"a"', '"zzz"')
        self.the_change(self.site("new", rules=other), "rule")

    def test_a_rule_that_is_switched_off(self):
        text_ = self.the_change(
            self.site("new", site=SITE + "tuning:\n  chain: {enabled: false}\n"), "rule",
            "sequitur.yaml:6")
        self.assertEqual(text_, "the rule is switched off")

    def test_a_shorter_window(self):
        said = self.the_change(self.site("new", rules=RULE.replace("1m", "30s")), "maxspan",
                               "rules.yaml:2")
        self.assertEqual(said, "the chain took 40s, maxspan is 30s")

    def test_a_window_tuned_shorter_stands_in_the_tuning(self):
        self.the_change(self.site("tuned", site=SITE + "tuning:\n  chain: {maxspan: 30s}\n"),
                        "maxspan", "sequitur.yaml:6")

    def test_shadow_mode(self):
        [lost] = self.changes(self.old,
                              self.site("new", site=SITE + "tuning:\n  chain: {mode: shadow}\n"))
        [reason] = lost["reasons"]
        self.assertEqual((reason["what"], reason["line"]), ("mode", 6))

    def test_an_allowlist_entry(self):
        allow = ("- rule: chain\n  step: 2\n  where: process.name == \"b\"\n  owner: me\n"
                 "  reason: known\n  expires: 2099-01-01\n")
        said = self.the_change(self.site("new", allow=allow), "allowlist", "allow.yaml:1")
        self.assertIn("step 2 (", said)
        self.assertIn('is allowed: process.name == "b"', said)

    def test_a_query_that_asks_for_something_else(self):
        said = self.the_change(self.site("new", rules=RULE.replace('"a"', '"c"')), "query",
                               "rules.yaml:2")
        self.assertIn('does not match process where process.name == "c"', said)

    def test_a_link_that_refutes_it(self):
        linked = RULE.rstrip() + "\n  links: [{steps: [1, 2], by: [process.name]}]\n"
        said = self.the_change(self.site("new", rules=linked), "links", "rules.yaml:2")
        self.assertEqual(said, "steps 1 and 2 differ in process.name: a, b")

    def test_a_list_without_the_value(self):
        said = self.the_change(self.site("new", lists="last: [z]\n"), "list", "rules.yaml:2")
        self.assertIn("step 2 (", said)

    def test_suppression(self):
        self.log.write_text("\n".join([ecs("a", 0), ecs("b", 1), ecs("a", 2), ecs("b", 3)]) + "\n")
        quiet = RULE.replace("  severity: low", "  severity: low\n  suppress: {by: [host.name], for: 1h}")
        said = self.the_change(self.site("new", rules=quiet), "suppress", "rules.yaml:2")
        self.assertEqual(said, "suppressed: one alert per 1h")
        grouped = quiet.replace("for: 1h", "for: 1h, group: chains")
        said = self.the_change(self.site("grouped", rules=grouped), "suppress", "rules.yaml:2")
        self.assertEqual(said, "suppressed: one alert per 1h in the group chains")

    def test_enrichment(self):
        rules = RULE.replace("process.name in~ $last", 'sequitur.lineage.service == "web"')
        start = {"category": "process", "type": "start", "action": "exec"}
        self.log.write_text("\n".join(
            json.dumps({**json.loads(ecs(name, pid)), "event": start,
                        "process": {"name": name, "executable": f"/bin/{name}", "pid": pid,
                                    "parent": {"pid": 1}}})
            for name, pid in (("a", 10), ("b", 11))) + "\n")
        services = "services:\n  - name: web\n    processes: [b]\n"
        old = self.site("with", rules=rules, site=SITE + "services: services.yaml\n")
        (old.parent / "services.yaml").write_text(services)
        new = self.site("without", rules=rules, site=SITE + "services: services.yaml\n")
        (new.parent / "services.yaml").write_text(services.replace("[b]", "[x]"))
        changes = self.changes(old, new)
        self.assertTrue(changes)
        self.assertIn("sequitur.lineage.service is null, not web", changes[0]["reasons"][0]["text"])

    def test_text_shows_both_sides_and_counts(self):
        new = self.site("new", rules=RULE.replace("1m", "30s"))
        done = run("diff", self.old, new, self.log, "--exit-code")
        self.assertEqual(done.returncode, 1, text(done.stderr))
        out = text(done.stdout)
        self.assertIn("- 2026-01-01T00:00:40.000Z  chain on web-1: ", out)
        self.assertIn("    maxspan: the chain took 40s, maxspan is 30s  [", out)
        self.assertRegex(out, r"chain +1 +0 +0 +1\n2 records, 1 alerts differ")

    def test_standard_input_cannot_be_read_twice(self):
        done = run("diff", self.old, self.old, "-", stdin=b"")
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard input cannot be read twice", text(done.stderr))

    def test_an_error_in_one_configuration_is_shown(self):
        done = run("diff", self.old, self.site("new", site="ruls: x\n"), self.log)
        self.assertEqual(done.returncode, 1)
        self.assertIn("did you mean 'rules'?", text(done.stderr))


if __name__ == "__main__":
    unittest.main()
