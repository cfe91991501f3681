"""How long `sequitur run` takes from its start to /readyz, with the shipped rules and
nothing to read, and what it holds in memory then.

    python3 -B integration/bench/start_bench.py

A real broker, on this machine.
"""

import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import kafka_broker  # pylint: disable=wrong-import-position
import kafka_site  # pylint: disable=wrong-import-position
from probe import rss_mib  # pylint: disable=wrong-import-position
from sequitur_cli import BUILD  # pylint: disable=wrong-import-position

RUNS = 7
IDLE = 5  # seconds before memory is read


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def is_ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def run(broker, folder, number):
    """Seconds to the first /metrics page, seconds to /readyz, MiB."""
    port = free_port()
    config = folder / f"{number}.yaml"
    kafka_site.write(config, f"""\
  brokers: ["{broker.bootstrap}"]
  topics: [empty]
  group: start-{number}
""", f"http: {{listen: 127.0.0.1:{port}}}\n")
    subprocess.run([str(BUILD / "sequitur"), "topics", "--create", "--config", str(config)],
                   check=True, stdout=subprocess.DEVNULL)
    with open(folder / f"{number}.log", "wb") as log:
        begin = time.monotonic()
        process = subprocess.Popen([str(BUILD / "sequitur"), "run", "--config", str(config)],
                                   stderr=log)
        try:
            serves = None
            while not is_ready(port):
                if serves is None:
                    with socket.socket() as probe:
                        if probe.connect_ex(("127.0.0.1", port)) == 0:
                            serves = time.monotonic() - begin
                if time.monotonic() - begin > kafka_broker.DEADLINE:
                    raise RuntimeError(f"not ready: {folder / f'{number}.log'}")
                time.sleep(0.001)
            ready = time.monotonic() - begin
            time.sleep(IDLE)
            return serves or ready, ready, rss_mib(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def main():
    with kafka_broker.KafkaBroker() as broker, tempfile.TemporaryDirectory() as folder:
        broker.create_topic("empty", 4)
        runs = [run(broker, pathlib.Path(folder), number) for number in range(RUNS)]
    serves, ready, memory = ([run[i] for run in runs] for i in range(3))
    print("| | median | longest |")
    print("|---|---:|---:|")
    print(f"| start to pages | {statistics.median(serves) * 1e3:.0f} ms | {max(serves) * 1e3:.0f} ms |")
    print(f"| start to ready | {statistics.median(ready) * 1e3:.0f} ms | {max(ready) * 1e3:.0f} ms |")
    print(f"| idle RSS | {statistics.median(memory):.0f} MiB | {max(memory):.0f} MiB |")


if __name__ == "__main__":
    main()
