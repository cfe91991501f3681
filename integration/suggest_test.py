"""`sequitur suggest`: entries that can be pasted once somebody answers for them."""

import datetime
import json
import pathlib
import re
import shutil
import tempfile
import unittest

from sequitur_cli import run, text

RULES = """
- id: spawn
  name: Spawn
  query: process where process.name == "convert"
- id: spawn-late
  name: Spawn, again
  query: process where process.name == "convert" and process.pid > 100
"""


def spawn(second, command, executable="/usr/bin/convert"):
    return json.dumps({
        "@timestamp": f"2026-01-01T00:00:{second:02}Z", "host": {"name": "web-1"},
        "event": {"category": "process", "type": "start", "action": "exec"},
        "process": {"name": executable.split("/")[-1], "executable": executable,
                    "pid": 100 + second, "parent": {"pid": 1}, "command_line": command}})


class Suggest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.log = self.folder / "events.ndjson"
        self.site = self.folder / "sequitur.yaml"
        self.allow = self.folder / "allow.yaml"
        self.allow.write_text("")
        (self.folder / "rules.yaml").write_text(RULES)
        self.site.write_text("rules: [rules.yaml]\nallowlists: [allow.yaml]\n")

    def suggest(self, *options):
        done = run("suggest", "--config", self.site, self.log, *options)
        self.assertEqual(done.returncode, 0, text(done.stderr))
        return text(done.stdout)

    def write(self, *commands):
        self.log.write_text("\n".join(spawn(i, c) for i, c in enumerate(commands)) + "\n")

    def alerts(self):
        done = run("replay", "--config", self.site, "--output", "json", self.log)
        self.assertEqual(done.returncode, 0, text(done.stderr))
        return len(done.stdout.splitlines())

    def paste(self, suggestion):
        self.allow.write_text(suggestion)
        checked = run("check", "--config", self.site)
        self.assertEqual(checked.returncode, 1, "nobody answers for it")
        self.allow.write_text(re.sub(r"reason:.*", "reason: thumbnails",
                                     re.sub(r"owner:.*", "owner: shop@example.com", suggestion)))
        checked = run("check", "--config", self.site)
        self.assertEqual(checked.returncode, 0, text(checked.stdout))

    def test_what_is_pasted_and_answered_for_holds_back_what_it_was_made_from(self):
        self.write(*(f"convert /tmp/up{n}.png -resize 200 /thumbs/{n}.png" for n in range(3, 8)))
        self.assertEqual(self.alerts(), 9)
        out = self.suggest()
        self.assertIn("# 9 of 9 alerts, on 1 host, 2026-01-01", out)
        self.assertEqual(out.count("- rule: spawn\n"), 1, "the variant is covered")
        self.assertNotIn("step:", out)
        self.assertIn('process.command_line like "convert /tmp/up*.png -resize 200 /thumbs/*.png"',
                      out)
        self.paste(out)
        self.assertEqual(self.alerts(), 0)

    def test_it_is_narrow(self):
        self.write(*["convert a.png b.png"] * 4, "convert a.png b.png; id", "convert c")
        out = self.suggest()
        self.assertEqual(out.count("- rule:"), 1)
        self.assertIn('process.command_line == "convert a.png b.png"', out)
        self.paste(out)
        self.assertEqual(self.alerts(), 4, "two of each rule are left")

    def test_quotes_what_an_attacker_chose(self):
        self.write(*['convert "x\\n"\n- rule: spawn\n\u202e*'] * 4)
        self.paste(self.suggest())
        self.assertEqual(self.alerts(), 0)

    def test_few_alerts_make_no_suggestion(self):
        self.write("convert a", "convert a")
        self.assertNotIn("- rule", self.suggest())
        self.assertIn("- rule", self.suggest("--at-least", "2"))

    def test_an_entry_lasts_for_the_days_asked_for(self):
        self.write(*["convert a"] * 3)
        today = datetime.datetime.now(datetime.timezone.utc).date()
        soon = [str(today + datetime.timedelta(days=days)) for days in (7, 8)]
        expires = re.search(r"expires: (\S+)", self.suggest("--days", "7")).group(1)
        self.assertIn(expires, soon)

    def test_names_entries_that_expired_or_hit_nothing(self):
        entry = ("- rule: spawn\n  where: process.name == \"{}\"\n  owner: me\n  reason: known\n"
                 "  expires: {}\n")
        self.allow.write_text(entry.format("gone", "2020-01-01") +
                              entry.format("nothing", "2099-01-01") +
                              entry.format("convert", "2099-01-01"))
        self.write("convert a")
        out = self.suggest()
        self.assertRegex(out, r"# Expired: .*allow.yaml:5: this entry expired on 2020-01-01")
        self.assertRegex(out, r"# Never hit here: .*allow.yaml:6 \(spawn\)")
        self.assertNotIn("allow.yaml:11", out)


if __name__ == "__main__":
    unittest.main()
