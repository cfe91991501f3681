"""What the benchmarks with a daemon measure it with: CPU and waits of its threads,
its memory, and U, the unit of their figures (unit/pipeline/yardstick.h)."""

import collections
import contextlib
import os
import pathlib
import statistics
import subprocess

from sequitur_cli import BUILD


def rss_mib(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def name_of(task):
    """The thread's name; librdkafka's are the same for every client and broker."""
    name = (task / "comm").read_text().strip()
    return "rdk:broker" if name.startswith("rdk:broker") else name


class Threads:
    """By name of thread, at one moment: seconds on a core, seconds of waiting for a
    core, and how often it waited for something to do."""

    def __init__(self, pid):
        self.cpu = collections.Counter()
        self.queued = collections.Counter()
        self.waits = collections.Counter()
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                name = name_of(task)
                cpu, queued, _ = map(int, (task / "schedstat").read_text().split())
                self.cpu[name] += cpu / 1e9
                self.queued[name] += queued / 1e9
                status = (task / "status").read_text()
                self.waits[name] += int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])

    def since(self, before):
        self.cpu.subtract(before.cpu)
        self.queued.subtract(before.queued)
        self.waits.subtract(before.waits)
        return self


class Yardstick:
    """Measures U over the telemetry of a folder, as often as it is asked."""

    PASSES = 7

    def __init__(self, folder):
        self.process = subprocess.Popen([str(BUILD / "kafka_load"), "unit", str(folder)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.measure()  # it has read the telemetry

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)

    def measure(self):
        """Nanoseconds, just now."""
        taken = []
        for _ in range(self.PASSES):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            taken.append(float(self.process.stdout.readline()))
        return statistics.median(taken)
