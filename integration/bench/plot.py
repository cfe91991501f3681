"""Draws how cost grows, from what the benchmarks printed, with gnuplot.

    python3 -B integration/bench/plot.py build/bench integration/bench

The first folder holds match.txt, correlate.txt and growth.txt; the second gets the
pictures.
"""

import pathlib
import re
import subprocess
import sys


def rows(path, pattern):
    """The groups of every line that matches, numbers as such."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(pattern, line)
        if match:
            found.append(match.groups())
    return found


def curves(folder):
    """Picture -> (title of x, logarithmic axes, {name of curve: [(x, y)]})."""
    number = r"\s+(-?[\d.]+)"
    rules = {}
    for family, name, count, cost in rows(
            folder / "match.txt", r"(\w+)\s+(shipped|and [\w ]+?)\s\s+(\d+)" + number):
        rules.setdefault(f"{family} events", []).append((int(count), float(cost)))
    live, hosts = [], []
    for name, keys, on_hosts, cost in rows(
            folder / "correlate.txt", r"live (sequences|hosts)\s+(\d+)\s+(\d+)\s+1\.00" + number):
        if name == "sequences":
            live.append((int(keys), float(cost)))
        else:
            hosts.append((int(on_hosts), float(cost)))
    members = [(int(n), float(cost)) for n, cost in
               rows(folder / "growth.txt", r"unread members\s+(\d+)\s+\d+" + number)]
    length = [(int(size), float(cost)) for size, cost in
              rows(folder / "growth.txt", r"bytes of target\s+\d+\s+(\d+)" + number)]
    return {
        "rules": ("rules (of 3,120 the last 3,000 match nothing)", "", rules),
        "live_sequences": ("live sequences", "x", {"one hit": live}),
        "live_hosts": ("hosts with 100,000 live sequences together", "x", {"one hit": hosts}),
        "members": ("members of a JSON document that nobody reads", "", {"one event": members}),
        "line_length": ("bytes of an access line", "xy", {"one event": length}),
    }


def draw(target, title, axes, lines):
    commands = [
        "set terminal png size 560,330 noenhanced",
        f"set output '{target}'",
        f"set xlabel '{title}'",
        "set ylabel 'ns'",
        "set key right bottom",
        "set grid",
        f"set logscale {axes}" if axes else "",
        "" if "y" in axes else "set yrange [0:*]",
        "set format x '%.0f'",
    ]
    for number, points in enumerate(lines.values()):
        commands.append(f"$curve{number} << END")
        commands += [f"{x} {y}" for x, y in sorted(points)]
        commands.append("END")
    commands.append("plot " + ", ".join(
        f"$curve{number} with linespoints pointtype 7 title '{name}'"
        for number, name in enumerate(lines)))
    subprocess.run(["gnuplot"], input="\n".join(commands), text=True, check=True)


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    for name, (title, axes, lines) in curves(source).items():
        draw(target / f"{name}.png", title, axes, lines)
        print(target / f"{name}.png")


if __name__ == "__main__":
    main()
