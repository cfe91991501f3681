"""Runs the sequitur binary the way a person would, for the tests beside it."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("SEQUITUR_BUILD_DIR", ROOT / "build" / "release"))
SHARED = pathlib.Path(os.environ.get("SEQUITUR_SHARED_DIR", ROOT.parent / "shared"))
TIMEOUT = 300


def run(*arguments, stdin=None, cwd=ROOT, binary="sequitur"):
    """The finished process; output as text, damaged UTF-8 shown as such."""
    return subprocess.run(
        [str(BUILD / binary), *map(str, arguments)],
        input=stdin, cwd=cwd, capture_output=True, timeout=TIMEOUT, check=False)


def text(output):
    return output.decode("utf-8", errors="replace")


def replay(*arguments, stdin=None):
    """(alerts, standard error, exit code) of a replay with JSON output."""
    done = run("replay", "--output", "json", *arguments, stdin=stdin)
    alerts = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    return alerts, text(done.stderr), done.returncode


def evidence_lines(alert):
    """Line number of each stage's evidence; -1 for a missing-event stage."""
    return [-1 if stage is None else stage["position"]["line"]
            for stage in alert["sequitur"]["evidence"]]
