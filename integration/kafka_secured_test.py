"""The daemon and a broker that asks who it is: a password over TLS with
certificates on both sides, and rights. What is refused ends the daemon with
words for it; secrets are in files and the environment and never in the log."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import unittest.mock

import kafka_broker
from kafka_daemon_test import Daemon
from sequitur_cli import BUILD

PASSWORD = "correct-horse-battery"
USER = "sequitur-daemon"


def telemetry():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(BUILD / "loadgen"), "--output", folder, "--hosts", "2", "--rate", "5",
                        "--duration", "3m", "--attacks", "3", "--look-alikes", "0"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [line for path in sorted(pathlib.Path(folder).glob("*.ndjson"))
                for line in path.read_bytes().splitlines()]


class Secured(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = kafka_broker.KafkaBroker(users={USER: PASSWORD}, tls="mutual", authorize=True)
        cls.broker.__enter__()
        cls.addClassCleanup(cls.broker.__exit__, None, None, None)
        for topic in "web", "private", "described":
            cls.broker.create_topic(topic)
        cls.broker.produce("web", [(None, line) for line in telemetry()])
        # Everything of its own, and to read one source.
        cls.broker.allow(USER, "--operation", "All", "--resource-pattern-type", "prefixed",
                         "--topic", "own", "--group", "own")
        cls.broker.allow(USER, "--operation", "Read", "--topic", "web")
        cls.broker.allow(USER, "--operation", "Describe", "--topic", "described")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def daemon(self, name, source="web", **changed):
        """A daemon with what the broker wants of it, but for what is changed."""
        daemon = Daemon(self.broker, self.folder, f"own-{name}", topics=(source,))
        properties = self.broker.client_properties() | {
            "sasl.username": "${env:KAFKA_USER}", "sasl.password": "${file:password}"}
        brokers = properties.pop("bootstrap.servers")
        lines = "".join(f'    {key}: "{value}"\n' for key, value in properties.items())
        text = daemon.config.read_text(encoding="utf-8")
        text = text.replace(self.broker.bootstrap, brokers)
        daemon.config.write_text(f"{text}  properties:\n{lines}", encoding="utf-8")
        (self.folder / "password").write_text(changed.get("password", PASSWORD) + "\n",
                                              encoding="utf-8")
        self.addCleanup(daemon.close)
        return daemon

    def start(self, daemon):
        self.enterContext(unittest.mock.patch.dict(os.environ, {"KAFKA_USER": USER}))
        done = subprocess.run(daemon.command("topics", "--create"), capture_output=True, text=True,
                              timeout=60, check=False)
        daemon.start()
        return done

    def ending(self, daemon):
        """What a daemon that was refused says last; its clients' threads may go on."""
        self.assertEqual(daemon.process.wait(kafka_broker.DEADLINE), 1, daemon.log_text())
        self.assertNotIn("guessed", daemon.log_text())
        said = [line for line in daemon.log_text().splitlines() if "stopped: " in line]
        return said[-1] if said else daemon.log_text()

    def test_alerts_come_through(self):
        daemon = self.daemon("whole")
        self.assertEqual(self.start(daemon).returncode, 0)
        kafka_broker.wait_until(
            lambda: daemon.process.poll() is not None or self.broker.consume_all(daemon.alerts),
            "an alert")
        self.assertEqual(daemon.stop(), 0, daemon.log_text())
        alert = json.loads(self.broker.consume_all(daemon.alerts)[0].value)
        self.assertEqual(alert["event"]["kind"], "alert")
        for secret in PASSWORD, USER:
            self.assertNotIn(secret, daemon.log_text())

    def test_a_wrong_password_ends_it(self):
        daemon = self.daemon("guess", password="guessed-it")
        refused = self.start(daemon)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, "(?i)authentication")
        self.assertNotIn("guessed", refused.stderr)
        self.assertRegex(self.ending(daemon), "(?i)stopped: .*authentication")

    def test_a_topic_it_may_not_read_ends_it(self):
        for source in "private", "described":
            with self.subTest(source):
                daemon = self.daemon(source, source=source)
                self.start(daemon)
                self.assertRegex(self.ending(daemon),
                                 f"stopped: .*{source}.*(?i:topic authorization failed)")


if __name__ == "__main__":
    kafka_broker.main()
