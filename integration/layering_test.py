"""The includes of lib/ against the DEPS in lib/CMakeLists.txt: a module sees
only what stands to the right of it."""

import pathlib
import re
import unittest

import sequitur_cli

LIB = sequitur_cli.ROOT / "lib"


def declared():
    """Module -> every module it may include, itself and indirect ones too."""
    text = re.sub(r"#.*", "", (LIB / "CMakeLists.txt").read_text(encoding="utf-8"))
    direct = {}
    for body in re.findall(r"sequitur_module\(([^)]*)\)", text):
        words = body.split()
        deps = words[words.index("DEPS") + 1:] if "DEPS" in words else []
        if "LIBS" in deps:
            deps = deps[:deps.index("LIBS")]
        direct[words[0]] = set(deps)
    allowed = {}
    for module in direct:
        seen, todo = {module}, [module]
        while todo:
            for dep in direct[todo.pop()] - seen:
                seen.add(dep)
                todo.append(dep)
        allowed[module] = seen
    return allowed


def includes():
    """(module, file, included module) for every include of ours."""
    for path in sorted(LIB.glob("*/*.[hc]*")):
        for target in re.findall(r'#include "(\w+)/', path.read_text(encoding="utf-8")):
            if (LIB / target).is_dir():
                yield path.parent.name, path, target


class Layering(unittest.TestCase):
    def test_modules_include_only_what_they_declare(self):
        allowed = declared()
        self.assertGreater(len(allowed), 8)
        for module, path, target in includes():
            with self.subTest(file=str(path.relative_to(LIB))):
                self.assertIn(target, allowed[module])

    def test_no_cycles(self):
        allowed = declared()
        for module, reach in allowed.items():
            for other in reach - {module}:
                self.assertNotIn(module, allowed[other], f"{module} and {other}")

    def test_libraries_stay_in_their_modules(self):
        homes = {"yaml-cpp/": {"yaml"}, "rapidjson/": {"decode", "alert", "pipeline"}, "librdkafka/": {"bus"},
                 "re2/": {"eql", "enrich"}, "toml++/": {"rules"}, "CLI/": set(), "prometheus/": {"metrics"}, "httplib": {"pipeline"}}
        for path in sorted(LIB.glob("*/*.[hc]*")):
            for header in re.findall(r'#include ["<]([\w/.+-]+)', path.read_text(encoding="utf-8")):
                for prefix, modules in homes.items():
                    if header.startswith(prefix):
                        self.assertIn(path.parent.name, modules, f"{path}: {header}")


if __name__ == "__main__":
    unittest.main()
