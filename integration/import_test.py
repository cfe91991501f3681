"""`sequitur import`: Elastic's detection rules as a person would bring them."""

import pathlib
import shutil
import tempfile
import unittest

import sequitur_cli
from sequitur_cli import run, text

RULES = sequitur_cli.ROOT / "unit" / "rules" / "corpus" / "elastic_import"
GOOD = RULES / "interpreter_below_installer.toml"


class Import(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def imports(self, *arguments):
        done = run("import", *arguments)
        return text(done.stdout), text(done.stderr), done.returncode

    def test_what_it_prints_is_a_rule_that_check_takes(self):
        yaml, errors, code = self.imports(GOOD)
        self.assertEqual(code, 0, errors)
        self.assertIn("1 imported, 0 passed over, 0 with errors", errors)
        rule = self.folder / "rule.yaml"
        rule.write_text(yaml)
        checked = run("check", "--rules", rule)
        self.assertEqual(checked.returncode, 0, text(checked.stdout))

    def test_says_what_it_passed_over_what_is_wrong_and_what_is_lost(self):
        yaml, errors, code = self.imports(RULES)
        self.assertEqual(code, 1)
        self.assertEqual(yaml.count("\n- id: ") + yaml.startswith("- id: "), 2)
        self.assertIn("kuery.toml: note: passed over: a rule of type query in kuery, not EQL",
                      errors)
        self.assertIn("wrong.toml:10:16: error: expected '=='", errors)
        self.assertIn("filtered.toml:14: warning: filters:", errors)
        self.assertIn("2 imported, 1 passed over, 1 with errors", errors)

    def test_writes_a_file_for_each_rule_and_overwrites_none_unasked(self):
        out = self.folder / "rules"
        _, errors, code = self.imports(GOOD, "--output", out)
        self.assertEqual(code, 0, errors)
        [written] = out.iterdir()
        self.assertEqual(written.name,
                         "interpreter-below-an-installer-goes-out-possible-dropper.yaml")
        written.write_text("mine")
        _, errors, code = self.imports(GOOD, "--output", out)
        self.assertEqual(code, 1)
        self.assertIn("--force overwrites it", errors)
        self.assertEqual(written.read_text(), "mine")
        _, errors, code = self.imports(GOOD, "--output", out, "--force")
        self.assertEqual(code, 0, errors)
        self.assertIn("- id: ", written.read_text())

    def test_two_rules_of_one_name_get_an_id_each(self):
        twice = self.folder / "twice.toml"
        twice.write_text(GOOD.read_text().replace("0b1c0a4e", "ffffffff"))
        yaml, errors, code = self.imports(GOOD, twice)
        self.assertEqual(code, 0, errors)
        self.assertIn("- id: interpreter-below-an-installer-goes-out-possible-dropper\n", yaml)
        self.assertIn("possible-dropper-ffffffff\n", yaml)

    def test_names_fields_that_no_configured_source_sets(self):
        site = self.folder / "sequitur.yaml"
        site.write_text("kafka: {brokers: ['b:9092'], topics: [es, flows]}\n"
                        "sources:\n"
                        "  - {match: es, kind: eslogger}\n"
                        "  - {match: flows, kind: zeek}\n")
        _, errors, code = self.imports("--config", site, GOOD)
        self.assertEqual(code, 0, errors)
        self.assertIn("note: no configured source sets process.code_signature.trusted", errors)
        _, errors, _ = self.imports(GOOD)
        self.assertIn("note: set by ECS documents only, if they bring them: "
                      "process.code_signature.trusted", errors)

    def test_a_file_that_is_not_there_is_an_error(self):
        _, errors, code = self.imports(self.folder / "none.toml")
        self.assertEqual(code, 1)
        self.assertIn("cannot be read", errors)


if __name__ == "__main__":
    unittest.main()
