"""The public EQL cases, each as a rule file through `sequitur replay`."""

import json
import pathlib
import tempfile
import unittest

import sequitur_cli

CASES = sequitur_cli.SHARED / "eql-conformance"


def load_cases():
    with open(CASES / "cases.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def ids_by_line(data):
    with open(data, encoding="utf-8") as lines:
        return {number: json.loads(line)["_id"] for number, line in enumerate(lines, start=1)}


@unittest.skipUnless(CASES.is_dir(), "the public cases are not beside the project")
class EqlConformance(unittest.TestCase):
    def found(self, case, folder):
        rule = pathlib.Path(folder) / "rule.yaml"
        rule.write_text(json.dumps({"id": case["name"].lower(), "name": case["name"],
                                    "query": case["query"]}), encoding="utf-8")
        data = CASES / case["data"]
        alerts, errors, code = sequitur_cli.replay(
            "--no-suppress", "--rules", rule, f"ecs={data}")
        self.assertEqual(code, 0, errors)
        ids = ids_by_line(data)
        chains = [[ids.get(line, -1) for line in sequitur_cli.evidence_lines(alert)]
                  for alert in alerts]
        is_sequence = case["kind"].startswith("sequence")
        return chains if is_sequence else [chain[0] for chain in chains]

    def test_every_case_gives_the_expected_events(self):
        with tempfile.TemporaryDirectory() as folder:
            for case in load_cases():
                with self.subTest(case["name"], query=case["query"]):
                    self.assertCountEqual(self.found(case, folder), case["expected_ids"])


if __name__ == "__main__":
    unittest.main()
