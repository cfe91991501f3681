"""The daemon while the cluster changes under it: records and topics go, come
back and grow, timestamps lie, records are huge. Whatever happens the alerts are
those of an undisturbed run, each once, and the log says what happened."""

import datetime
import json
import pathlib
import re
import signal
import subprocess
import tempfile

import kafka_broker
from kafka_broker import confluent_kafka
from kafka_daemon_test import Daemon
from sequitur_cli import BUILD

MIB = 1 << 20
FAR_FUTURE = 2**53


def telemetry(first_host, attacks=3, start="2026-11-24T08:00:00Z"):
    """[(shipped in ms, line)] of two hosts that no other call has, in order."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([str(BUILD / "loadgen"), "--output", folder, "--hosts", "2", "--rate", "5",
                        "--duration", "3m", "--attacks", str(attacks), "--look-alikes", "0",
                        "--first-host", str(first_host), "--start", start, "--seed", str(first_host)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = [line for path in sorted(pathlib.Path(folder).glob("*.ndjson"))
                 for line in path.read_bytes().splitlines()]
    return sorted(((shipped(line), line) for line in lines), key=lambda record: record[0])


def shipped(line):
    second = json.loads(line)["@timestamp"][:19]
    return int(datetime.datetime.fromisoformat(f"{second}+00:00").timestamp() * 1000)


def from_far_off(line, year):
    """The same request at the beginning of another year."""
    seconds = int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
    line = re.sub(rb"20\d\d-\d\d-\d\dT", b"%d-01-01T" % year, line)
    line = re.sub(rb"\d\d/[A-Z][a-z][a-z]/\d{4}:", b"01/Jan/%d:" % year, line)
    return re.sub(rb'(msec[\\":]+)\d+', rb"\g<1>%d" % seconds, line)


def padded(line, size):
    """The same document, `size` bytes long."""
    filler = b'{"padding":"%s",'
    return filler % (b"x" * (size - len(line) - len(filler) + 3)) + line[1:]


class Faults(kafka_broker.BrokerTest):
    """One broker for all; each test has topics and hosts of its own."""

    # Its own vocabulary.

    def daemon(self, name, topic, instance="one"):
        daemon = Daemon(self.broker, self.folder, name, topics=(topic,), instance=instance)
        daemon.topic = topic
        text = daemon.config.read_text(encoding="utf-8")
        refresh = "topic.metadata.refresh.interval.ms: 500"
        text = text.replace("consumer: {", f"properties: {{{refresh}}}\n  consumer: {{")
        daemon.config.write_text(text, encoding="utf-8")
        self.addCleanup(daemon.close)
        daemon.create_topics()
        return daemon

    def write(self, topic, records, partition=0):
        self.broker.produce(topic, [(None, line, partition, time) for time, line in records])

    def wait_for_log(self, daemon, text):
        kafka_broker.wait_until(lambda: text in daemon.log_text()[daemon.started_at:],
                                f"the log to say: {text}")

    def wait_until_read(self, daemon):
        kafka_broker.wait_until(
            lambda: daemon.process.poll() is not None or (
                daemon.is_live() and self.is_read(f"{daemon.name}-ingest", daemon.topic)
                and self.is_read(daemon.name, f"{daemon.name}.events")),
            f"{daemon.name} to read everything")
        self.assertIsNone(daemon.process.poll(), daemon.log_text())

    def is_read(self, group, topic):
        committed = self.broker.committed(group, topic)
        return all((committed.get(partition) or 0) == end
                   for partition, end in self.broker.end_offsets(topic).items() if end > 0)

    def stop(self, daemon):
        self.assertEqual(daemon.stop(), 0, daemon.log_text())

    def run_to_end(self, daemon):
        daemon.start()
        self.wait_until_read(daemon)
        self.stop(daemon)

    def alerts(self, daemon):
        return [json.loads(record.value) for record in self.broker.consume_all(daemon.alerts)]

    def ids(self, daemon):
        return sorted(alert["event"]["id"] for alert in self.alerts(daemon))

    def undisturbed(self, topic):
        """Alert ids of a run over what the topic holds now, by a group of its own."""
        calm = self.daemon(f"calm-{topic}-{self.broker.end_offsets(topic)[0]}", topic)
        self.run_to_end(calm)
        ids = self.ids(calm)
        self.assertGreater(len(ids), 0)
        return ids

    def chains(self, daemon, indexes):
        """What was found, in terms of the telemetry and not of offsets."""
        return sorted((alert["rule"]["id"],
                       [stage and indexes.get(stage["position"]["offset"])
                        for stage in alert["sequitur"]["evidence"]])
                      for alert in self.alerts(daemon))

    # Offsets that are gone.

    def test_records_are_deleted_before_and_behind_the_committed_offset(self):
        self.broker.create_topic("deleted")
        first, unread, last = telemetry(100), telemetry(110, attacks=0), telemetry(120)
        daemon = self.daemon("deleted-group", "deleted")
        self.write("deleted", first)
        self.run_to_end(daemon)
        self.write("deleted", unread + last)
        expected = self.undisturbed("deleted")
        ends = self.broker.end_offsets("deleted-group.events")
        self.broker.delete_records("deleted-group.events",
                                   {partition: end for partition, end in ends.items() if end > 0})
        self.broker.delete_records("deleted", {0: len(first) + len(unread)})
        self.run_to_end(daemon)
        self.assertEqual(self.ids(daemon), expected, daemon.log_text())
        self.assertIn(f"deleted:0: {len(unread)} records were deleted before they were read",
                      daemon.log_text())
        self.assertIn("is kept for less than the", daemon.log_text())

    def test_a_topic_is_made_anew_with_fewer_records_while_it_is_read(self):
        self.broker.create_topic("renewed")
        before, after = telemetry(200), telemetry(210)[:-20]
        after = [(time + 3_600_000, line) for time, line in after]
        self.write("renewed", before + telemetry(220, attacks=0))
        daemon = self.daemon("renewed-group", "renewed", instance='""')
        daemon.start()
        self.wait_until_read(daemon)
        expected = self.ids(daemon)
        # Frozen, so that it wakes up to another topic of the same name.
        daemon.process.send_signal(signal.SIGSTOP)
        self.broker.delete_topic("renewed")
        self.broker.create_topic("renewed")
        self.write("renewed", after)
        daemon.process.send_signal(signal.SIGCONT)
        self.wait_for_log(daemon, "was made anew or cut; read again from 0")
        self.wait_until_read(daemon)
        self.stop(daemon)
        expected = sorted(expected + self.undisturbed("renewed"))
        self.assertEqual(self.ids(daemon), expected, daemon.log_text())

        # The committed offset is behind the end: read again, and nothing new in it.
        self.commit("renewed-group-ingest", "renewed", 5000)
        self.run_to_end(daemon)
        self.assertEqual(self.ids(daemon), expected, daemon.log_text())
        self.assertEqual(self.broker.committed("renewed-group-ingest", "renewed"),
                         {0: len(after)})

    def commit(self, group, topic, offset):
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.broker.bootstrap,
                                             "group.id": group})
        consumer.commit(offsets=[confluent_kafka.TopicPartition(topic, 0, offset)],
                        asynchronous=False)
        consumer.close()

    # More partitions.

    def test_partitions_are_added_while_it_runs(self):
        self.broker.create_topic("grown")
        daemon = self.daemon("grown-group", "grown")
        daemon.start()
        self.write("grown", telemetry(300))
        self.wait_until_read(daemon)
        self.broker.set_partitions("grown", 2)
        self.write("grown", telemetry(310), partition=1)
        self.wait_until_read(daemon)

        events = "grown-group.events"
        self.broker.set_partitions("grown-group.baselines", 4)
        self.broker.set_partitions(events, 4)
        self.wait_for_log(daemon, "grown-group.events has 4 partitions and had 3: hosts move")
        self.wait_until_spread(daemon, events)
        self.write("grown", telemetry(320))
        self.wait_until_read(daemon)
        self.assertEqual(self.ids(daemon), self.undisturbed("grown"), daemon.log_text())

        self.broker.set_partitions(events, 5)
        self.assertEqual(daemon.process.wait(kafka_broker.DEADLINE), 1)
        self.assertIn("raise the first to 5", daemon.log_text())

    def test_doubling_the_events_topic_loses_nothing_with_ingest_set_back(self):
        self.broker.create_topic("doubled")
        records = [record for host in range(700, 740, 10) for record in telemetry(host)]
        records.sort(key=lambda record: record[0])
        middle = len(records) // 2
        daemon = self.daemon("doubled-group", "doubled", instance='""')
        self.write("doubled", records[:middle])
        self.run_to_end(daemon)
        for topic in "doubled-group.baselines", "doubled-group.events":
            self.broker.set_partitions(topic, 6)
        self.commit("doubled-group-ingest", "doubled", 0)
        self.write("doubled", records[middle:])
        self.run_to_end(daemon)
        ends = self.broker.end_offsets("doubled-group.events")
        self.assertGreater(sum(end for partition, end in ends.items() if partition > 2), 0)
        self.assertEqual(self.ids(daemon), self.undisturbed("doubled"), daemon.log_text())

    def wait_until_spread(self, daemon, events):
        """Until its producer, too, has seen the last partition."""
        hosts = iter(range(330, 900, 10))

        def spread():
            self.write("grown", telemetry(next(hosts), attacks=0)[:50])
            self.wait_until_read(daemon)
            return self.broker.end_offsets(events)[3] > 0
        kafka_broker.wait_until(spread, "a host in the new partition")

    # Times and sizes.

    def test_timestamps_lie(self):
        self.broker.create_topic("clean")
        self.broker.create_topic("lying", configs={
            "message.timestamp.after.max.ms": 2**63 - 1,
            "message.timestamp.before.max.ms": 2**63 - 1})
        # Of just now, which is where a time that has not come yet is put.
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=4)
        records = telemetry(400, start=start.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.write("clean", records)
        calm = self.daemon("clean-group", "clean")
        self.run_to_end(calm)
        expected = self.chains(calm, dict(enumerate(range(len(records)))))
        self.assertGreater(len(expected), 0)

        request = next(line for _, line in records if b"GET " in line)
        lies, indexes = [], {}
        for index, (time, line) in enumerate(records):
            if index % 5 == 0:  # an event of the same host from far off
                far = from_far_off(request, 2099 if index % 2 else 1971)
                lies.append(((time, FAR_FUTURE, -1)[index % 3], far))
            indexes[len(lies)] = index
            lies.append(((time, FAR_FUTURE, -1)[index % 3], line))
        self.write("lying", lies)
        daemon = self.daemon("lying-group", "lying")
        daemon.start()
        kafka_broker.wait_until(daemon.is_live, "the daemon to be live")
        daemon.kill()
        self.run_to_end(daemon)
        self.run_to_end(daemon)
        self.assertEqual(self.chains(daemon, indexes), expected, daemon.log_text())

    def test_records_are_huge(self):
        self.broker.create_topic("slim")
        self.broker.create_topic("huge", configs={"max.message.bytes": 8 * MIB})
        records = telemetry(500)
        self.write("slim", records)
        calm = self.daemon("slim-group", "slim")
        self.run_to_end(calm)
        expected = self.chains(calm, dict(enumerate(range(len(records)))))
        evidence = {index for _, chain in expected for index in chain if index is not None}
        self.assertGreater(len(evidence), 0)

        garbage = [b"x" * MIB, b"{" * MIB, b"x" * (MIB + 1), padded(records[0][1], 2 * MIB),
                   b"y" * (6 * MIB)]
        huge = [(time, padded(line, MIB) if index in evidence else line)
                for index, (time, line) in enumerate(records)]
        self.broker.produce("huge", [(None, value) for value in garbage],
                            {"message.max.bytes": 8 * MIB})
        self.broker.produce("huge", [(None, line, 0, time) for time, line in huge],
                            {"message.max.bytes": 8 * MIB})
        daemon = self.daemon("huge-group", "huge")
        self.run_to_end(daemon)
        indexes = {len(garbage) + index: index for index in range(len(records))}
        self.assertEqual(self.chains(daemon, indexes), expected, daemon.log_text())
        letters = [dict(record.headers) for record in self.broker.consume_all("huge-group.dlq")]
        self.assertEqual(sorted(int(letter["offset"]) for letter in letters),
                         list(range(len(garbage))))
        self.assertEqual({letter.get("truncated") for letter in letters}, {b"true"})

    # Nowhere to write.

    def test_the_alert_topic_goes_and_comes_back(self):
        self.broker.create_topic("mute")
        daemon = self.daemon("mute-group", "mute")
        daemon.start()
        self.write("mute", telemetry(600))
        self.wait_until_read(daemon)
        ids = self.ids(daemon)
        self.assertGreater(len(ids), 0)
        self.broker.delete_topic(daemon.alerts)
        self.write("mute", telemetry(610))
        self.wait_for_log(daemon, "correlate: stalled")
        self.assertFalse(self.is_read(daemon.name, "mute-group.events"))
        self.broker.create_topic(daemon.alerts)
        self.wait_for_log(daemon, "correlate: going on")
        self.wait_until_read(daemon)
        self.stop(daemon)
        self.assertEqual(sorted(ids + self.ids(daemon)), self.undisturbed("mute"),
                         daemon.log_text())


if __name__ == "__main__":
    kafka_broker.main()
