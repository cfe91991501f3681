"""`sequitur replay` on good and bad input, as a person would run it."""

import gzip
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import unittest

import sequitur_cli
from sequitur_cli import replay, run, text

DEMO = sequitur_cli.ROOT / "integration" / "demo" / "telemetry"
TRUTH = DEMO.parent / "truth.jsonl"

RULE = """
id: two-steps
name: Two steps
query: |
  sequence by host.id with maxspan=1m
    [process where process.name == "a"]
    [process where process.name == "b"]
"""


def ecs(name, second, **more):
    return json.dumps({"@timestamp": f"2026-01-01T00:00:{second:02}Z",
                       "event": {"category": "process"}, "process": {"name": name}, **more})


def egress(planted):
    return next(step for step in planted["evidence"] if step["step"] == "egress")


class Folder(unittest.TestCase):
    """A test with a folder of its own and a rule of two steps in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.rule = self.write("rule.yaml", RULE)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def replay(self, *arguments, **options):
        return replay("--rules", self.rule, *arguments, **options)


class Demo(unittest.TestCase):
    def test_finds_the_planted_chain_and_nothing_that_was_planted_as_innocent(self):
        alerts, errors, code = replay(DEMO)
        self.assertEqual(code, 0, errors)
        with open(TRUTH, encoding="utf-8") as lines:
            truth = [json.loads(line) for line in lines]
        for planted in truth:
            if planted["kind"] != "attack":
                continue
            fired = [alert["rule"]["id"] for alert in alerts
                     if alert["host"]["name"] == planted["host"]]
            self.assertTrue(any(rule.startswith(planted["rule"]) for rule in fired),
                            f"{planted['id']} was not found")
            for alert in alerts:
                if alert["host"]["name"] == planted["host"]:
                    last = alert["sequitur"]["evidence"][-1]["position"]
                    self.assertIn({"file": str(DEMO.parent / "telemetry" / egress(planted)["file"]),
                                   "line": egress(planted)["line"]}, [last], alert["message"])
        self.assertIn("web-exploit-chain", [alert["rule"]["id"] for alert in alerts])

    def test_gives_the_same_ids_every_time(self):
        first = [alert["event"]["id"] for alert in replay(DEMO)[0]]
        second = [alert["event"]["id"] for alert in replay(DEMO)[0]]
        self.assertTrue(first)
        self.assertEqual(first, second)

    def test_text_reads_as_a_timeline(self):
        done = run("replay", "--output", "text", DEMO)
        self.assertEqual(done.returncode, 0, text(done.stderr))
        self.assertIn("web-exploit-chain", text(done.stdout))
        self.assertIn("+0.000 s", text(done.stdout))


class NearMisses(Folder):
    def chains(self, *seconds):
        """One chain an hour; its second step so many seconds after the first."""
        lines = []
        for i, late in enumerate(seconds):
            for name, second in (("a", 0), ("b", late)):
                at = f"2026-01-01T{i:02}:{second // 60:02}:{second % 60:02}Z"
                lines.append(json.dumps({"@timestamp": at, "host": {"name": "web"},
                                         "event": {"category": "process"},
                                         "process": {"name": name}}))
        return self.write("events.ndjson", "\n".join(lines))

    def test_says_which_window_would_have_found_more_and_it_does(self):
        events = self.chains(10, 40, 90, 100, 170)
        found = self.folder / "misses.ndjson"
        alerts, errors, code = self.replay("--explain-misses", "--misses-output", found, events)
        self.assertEqual((len(alerts), code), (2, 0), errors)
        self.assertIn("two-steps: 2 found, 3 missed", errors)
        advice = "tuning: {two-steps: {maxspan: 2m}}   # 2 more chains than 1m: 40 % -> 80 %"
        self.assertIn(advice, errors)
        [rule] = [json.loads(line) for line in found.read_text().splitlines()]
        self.assertEqual(rule["advice"][0], advice)
        self.assertEqual([(row["step"], row["cause"], row["chains"]) for row in rule["misses"]],
                         [(2, "window", 3)])
        config = self.write("sequitur.yaml", advice)
        alerts, errors, _ = self.replay("--config", config, events)
        self.assertEqual(len(alerts), 4, errors)

    def test_says_nothing_unless_asked(self):
        _, errors, _ = self.replay(self.chains(90))
        self.assertNotIn("missed", errors)


class Inputs(Folder):
    def test_reads_gzip_standard_input_and_folders(self):
        lines = f"{ecs('a', 1)}\n{ecs('b', 2)}\n".encode()
        self.write("logs/events.ndjson.gz", gzip.compress(lines))
        self.assertEqual(len(self.replay(self.folder / "logs")[0]), 1)
        self.assertEqual(len(self.replay("-", stdin=lines)[0]), 1)
        self.assertEqual(len(self.replay("ecs=-", stdin=lines)[0]), 1)

    def test_alerts_while_a_pipe_is_open(self):
        with subprocess.Popen([str(sequitur_cli.BUILD / "sequitur"), "replay", "--output", "json",
                               "--rules", str(self.rule), "-"], cwd=sequitur_cli.ROOT,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            process.stdin.write(f"{ecs('a', 1)}\n{ecs('b', 2)}\n".encode())
            process.stdin.flush()
            spoken, _, _ = select.select([process.stdout], [], [], sequitur_cli.TIMEOUT)
            self.assertTrue(spoken, "no alert before the end of the input")
            process.stdin.close()
            self.assertEqual(len(process.stdout.read().splitlines()), 1)

    def test_merges_files_by_time(self):
        first = self.write("first.ndjson", "\n".join(ecs("x", s) for s in range(60)))
        # Ten hours of records: in sequence, the last would be far too late.
        late = [json.dumps({"@timestamp": f"2026-01-01T{h:02}:{m:02}:00Z",
                            "event": {"category": "process"}, "process": {"name": "x"}})
                for h in range(10) for m in range(60)]
        hours = self.write("hours.ndjson", "\n".join([ecs("a", 30)] + late))
        chain = self.write("chain.ndjson", ecs("b", 40))
        alerts, errors, _ = self.replay(first, hours, chain)
        self.assertEqual(len(alerts), 1, errors)

    def test_names_the_host_of_records_that_name_none(self):
        events = self.write("e.ndjson", f"{ecs('a', 1)}\n{ecs('b', 2)}\n")
        alerts, errors, _ = self.replay("--host", "Web-09.local", events)
        self.assertEqual(alerts[0]["host"]["name"], "web-09")
        alerts, errors, _ = self.replay(events)
        self.assertEqual(alerts[0]["host"]["name"], "unknown")
        self.assertIn("name none", errors)

    def test_positions_are_file_and_line(self):
        events = self.write("e.ndjson", f"{ecs('a', 1)}\n\nnot json\n{ecs('b', 2)}\n")
        alerts, _, _ = self.replay(events)
        self.assertEqual([stage["position"] for stage in alerts[0]["sequitur"]["evidence"]],
                         [{"file": str(events), "line": 1}, {"file": str(events), "line": 4}])


class BadInput(Folder):
    GOOD = f"{ecs('a', 1)}\n%s\n{ecs('b', 2)}\n"

    def test_damage_is_counted_with_its_reason_and_costs_nothing_else(self):
        for damage, reason in (
                (b'{"@timestamp":"2026-01-01T00:00:01Z","process":', "malformed_json"),
                (bytes(range(1, 256)).replace(b"\n", b""), ""),
                (b'{"a":' * 5000 + b"1" + b"}" * 5000, "too_deep"),
                (b"x" * (3 << 20), "too_large"),
                (b'{"event":{"category":"process"}}', ""),
                (b"\xff\xfe{}", "")):
            events = self.write("e.ndjson", self.GOOD.encode().replace(b"%s", damage))
            alerts, errors, code = self.replay(f"ecs={events}")
            self.assertEqual(len(alerts), 1, damage[:40])
            self.assertEqual(code, 0, errors)
            self.assertIn("e.ndjson:2", errors)
            self.assertIn(reason, errors)

    def test_invalid_utf8_in_evidence_stays_one_valid_document(self):
        bad = ecs("a", 1).encode().replace(b'"name": "a"', b'"name": "a", "args": ["\xff\xfe\\u001b"]')
        events = self.write("e.ndjson", bad + b"\n" + ecs("b", 2).encode())
        done = run("replay", "--output", "json", "--rules", self.rule, events)
        json.loads(done.stdout.decode("utf-8"))
        shown = run("replay", "--output", "text", "--rules", self.rule, events)
        self.assertNotIn(b"\x1b", shown.stdout)

    def test_a_line_of_100_megabytes_is_one_counted_skip(self):
        events = self.write("e.ndjson", self.GOOD.encode().replace(b"%s", b'{"x":"' + b"y" * 100_000_000))
        alerts, errors, code = self.replay(events)
        self.assertEqual((len(alerts), code), (1, 0), errors)
        self.assertIn("too_large", errors)

    def test_what_cannot_be_read_is_said_and_fails(self):
        missing = self.folder / "missing.log"
        alerts, errors, code = self.replay(missing)
        self.assertEqual(code, 1)
        self.assertIn(f"{missing}: No such file or directory", errors)
        truncated = self.write("t.gz", gzip.compress(b"x\n" * 100_000)[:60])
        _, errors, code = self.replay(truncated)
        self.assertEqual(code, 1)
        self.assertIn("t.gz", errors)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_folder_without_permission_is_said(self):
        closed = self.folder / "closed"
        closed.mkdir(mode=0)
        _, errors, code = self.replay(closed)
        self.assertEqual(code, 1)
        self.assertIn("Permission denied", errors)

    def test_an_unknown_source_is_said_with_the_known_ones(self):
        _, errors, code = self.replay("eslogge=x.json")
        self.assertEqual(code, 1)
        self.assertIn("did you mean 'eslogger'?", errors)

    def test_a_rule_with_a_typo_is_shown_with_line_and_caret(self):
        rule = self.write("typo.yaml", RULE.replace("[process where process.name == \"b\"]",
                                                    "[process where process.name = \"b\"]"))
        done = run("replay", "--rules", rule, self.write("e.ndjson", ecs("a", 1)))
        errors = text(done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertIn("typo.yaml:7:", errors)
        self.assertIn("^", errors)


class Commands(Folder):
    def test_the_shipped_configuration_is_clean(self):
        done = run("check")
        self.assertEqual(done.returncode, 0, text(done.stdout))
        self.assertIn("0 warnings", text(done.stdout))

    def test_the_shipped_rules_pass_their_tests(self):
        done = run("test")
        self.assertEqual(done.returncode, 0, text(done.stdout))
        self.assertIn(" 0 failed", text(done.stdout))

    def test_explain_names_stages_keys_and_windows(self):
        done = run("explain", "web-exploit-chain")
        for word in ("stage 4", "maxspan", "joined by", "host.id"):
            self.assertIn(word, text(done.stdout))
        wrong = run("explain", "web-exploit-chian")
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("did you mean 'web-exploit-chain'?", text(wrong.stderr))

    def test_help_suffices(self):
        for command in ("replay", "check", "explain", "test"):
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("--rules", text(done.stdout))


if __name__ == "__main__":
    unittest.main()
