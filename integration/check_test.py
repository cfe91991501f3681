"""`sequitur check`: what it says of rules that can find nothing at a site."""

import pathlib
import shutil
import tempfile
import unittest

from sequitur_cli import run, text

SITE = """
kafka: {brokers: ["b:9092"], topics: [access, es]}
sources:
  - {match: access, kind: nginx-access}
  - {match: es, kind: eslogger}
rules: [rule.yaml]
"""


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def check(self, rule, site=SITE):
        (self.folder / "rule.yaml").write_text(rule)
        config = self.folder / "sequitur.yaml"
        config.write_text(site)
        done = run("check", "--config", config)
        return text(done.stdout), done.returncode

    def test_a_folder_without_rules_is_no_success(self):
        done = run("check", "--rules", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no rules in {self.folder}", text(done.stdout))

    def test_says_where_a_rule_asks_for_what_no_source_here_sends(self):
        out, code = self.check("id: r\nname: R\nquery: |\n"
                               "  sequence by host.id with maxspan=1m\n"
                               "    [process where process.hash.sha256 != null]\n"
                               "    [network where true]\n")
        self.assertEqual(code, 0)
        self.assertIn("rule.yaml:5:5: warning: this stage can never match: step 1, 'process where "
                      "process.hash.sha256 != null'; no configured source sets "
                      "process.hash.sha256", out)
        self.assertIn("rule.yaml:6:5: warning: this stage can never match: step 2, 'network where "
                      "true'; no configured source makes network events", out)
        self.assertIn("no errors, 2 warnings", out)

    def test_a_topic_of_any_kind_may_bring_any_field(self):
        out, _ = self.check("id: r\nname: R\nquery: process where process.hash.sha256 != null\n",
                            SITE.replace("topics: [access, es]", "topics: [access, es, more]"))
        self.assertIn("no errors, 0 warnings", out)

    def test_a_baseline_that_is_not_configured_is_never_new(self):
        out, _ = self.check("id: r\nname: R\nquery: any where sequitur.novel == \"peer\"\n")
        self.assertIn("no baselines are configured", out)

    def test_says_which_windows_do_not_fit_the_site_or_each_other(self):
        rule = ("- id: r\n  order_slack: 2m\n  query: |\n"
                "    sequence by host.id with maxspan=1m\n"
                "      [process where true]\n      [file where true]\n"
                "- id: long\n  query: |\n"
                "    sequence by host.id with maxspan=8d\n"
                "      [process where true]\n      [file where true]\n")
        out, code = self.check(rule, SITE + "lateness: 30s\n")
        self.assertEqual(code, 0)
        self.assertIn("rule.yaml:2:16: warning: order_slack (2m) is longer than maxspan (1m)", out)
        self.assertIn("rule.yaml:8:10: warning: after a restart this rule has to read 192h30s "
                      "again", out)
        self.assertIn("sequitur.yaml:7:11: warning: lateness (30s) is shorter than order_slack "
                      "(2m) of r:", out)
        self.assertIn("sequitur.yaml:7:11: warning: clock.max_future (5m) is longer than lateness "
                      "(30s)", out)
        self.assertIn("no errors, 4 warnings", out)

    def test_where_canaries_are_on_it_says_which_rules_have_none(self):
        rule = "id: r\nname: R\nquery: process where process.name == \"a\"\n"
        self.assertNotIn("canaries", self.check(rule)[0])
        site = SITE + "canaries: {enabled: true}\n"
        self.assertIn("canaries for 0 of 1 rules\n  none for r: no test with `events` expects an "
                      "alert\n", self.check(rule, site)[0])
        rule += "tests: [{name: t, events: [{event.category: process, process.name: %s}], expect: 1}]\n"
        self.assertTrue(self.check(rule % "a", site)[0].endswith("canaries for 1 of 1 rules\n"))
        self.assertIn("  missed by r: none of its tests finds anything", self.check(rule % "b", site)[0])


if __name__ == "__main__":
    unittest.main()
