"""The broker of the tests itself: what other tests take for granted about it."""

import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import kafka_broker
from kafka_broker import KafkaBroker, confluent_kafka

HOUR = 3_600_000
LONG_AGO = 1_600_000_000_000  # 2020-09-13, past any retention out of the box


def setUpModule():
    try:
        kafka_broker.require()
    except kafka_broker.Unavailable as why:
        raise unittest.SkipTest(str(why)) from why


class Broker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = cls.enterClassContext(KafkaBroker())

    def setUp(self):
        self.topic = self.id().rsplit(".", 1)[1]

    def write_numbered(self, partitions):
        self.broker.create_topic(self.topic, partitions)
        self.broker.produce(self.topic, [(None, str(n), n % partitions) for n in range(300)])

    def numbers(self):
        return sorted(int(record.value) for record in self.broker.consume_all(self.topic))

    def test_records_come_back_as_written(self):
        self.broker.create_topic(self.topic, 2)
        written = self.broker.produce(self.topic, [
            (b"host-1", b"\x00\xff", 1, LONG_AGO, [("reason", b"poison"), ("again", None)]),
            ("host-2", None, 1, -5),
            (None, b"", 0, LONG_AGO + 1)])
        self.assertEqual(written, [(1, 0), (1, 1), (0, 0)])
        last, first, tombstone = self.broker.consume_all(self.topic)
        self.assertEqual(first, (b"host-1", b"\x00\xff", [("reason", b"poison"), ("again", None)],
                                 1, 0, LONG_AGO))
        self.assertEqual(tombstone, (b"host-2", None, [], 1, 1, -5))
        self.assertEqual(last, (None, b"", [], 0, 0, LONG_AGO + 1))

    def test_a_refused_record_is_an_error(self):
        self.broker.create_topic(self.topic, configs={"max.message.bytes": 1000})
        with self.assertRaises(confluent_kafka.KafkaException):
            self.broker.produce(self.topic, [(None, b"x" * 2000)])
        with self.assertRaises(confluent_kafka.KafkaException):
            self.broker.produce("no-such-topic", [(None, b"x")],
                                {"topic.metadata.propagation.max.ms": 100})

    def test_a_record_of_1_mib_and_one_of_the_far_future(self):
        self.broker.create_topic(self.topic, configs={
            "max.message.bytes": 2 << 20, "message.timestamp.after.max.ms": 2**63 - 1})
        self.broker.produce(self.topic, [(None, b"x" * (1 << 20), 0, 2**53)],
                            {"message.max.bytes": 2 << 20})
        [record] = self.broker.consume_all(self.topic)
        self.assertEqual((len(record.value), record.timestamp), (1 << 20, 2**53))

    def test_offsets_for_times(self):
        self.broker.create_topic(self.topic, 2)
        self.broker.produce(self.topic, [(None, b"", 0, LONG_AGO + hour * HOUR)
                                         for hour in range(10)])
        found = self.broker.offsets_for_times(self.topic, LONG_AGO + 3 * HOUR - 1)
        self.assertEqual(found, {0: 3, 1: None})

    def test_the_number_of_partitions_is_raised(self):
        self.write_numbered(1)
        self.broker.set_partitions(self.topic, 3)
        self.broker.produce(self.topic, [(None, "300", 2)])
        self.assertEqual(self.broker.end_offsets(self.topic), {0: 300, 1: 0, 2: 1})
        self.assertEqual(self.numbers(), list(range(301)))

    def test_deleted_records_and_topics_are_gone(self):
        self.write_numbered(2)
        self.broker.delete_records(self.topic, {0: 10, 1: 150})
        self.assertEqual(self.broker.begin_offsets(self.topic), {0: 10, 1: 150})
        self.assertEqual(self.numbers(), list(range(20, 300, 2)))
        self.broker.delete_topic(self.topic)
        self.assertNotIn(self.topic, self.broker.topics())

    def test_committed_offsets(self):
        self.write_numbered(2)
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.broker.bootstrap,
                                             "group.id": "readers"})
        self.addCleanup(consumer.close)
        consumer.commit(offsets=[confluent_kafka.TopicPartition(self.topic, 1, 42)],
                        asynchronous=False)
        self.assertEqual(self.broker.committed("readers", self.topic), {0: None, 1: 42})
        self.assertEqual(self.broker.committed("others", self.topic), {0: None, 1: None})

    def test_data_and_address_survive_death_and_restart(self):
        self.write_numbered(3)
        address = self.broker.bootstrap
        self.broker.kill()
        self.broker.start()
        self.assertEqual(self.numbers(), list(range(300)))
        self.broker.restart()
        self.assertEqual(self.numbers(), list(range(300)))
        self.assertEqual(self.broker.bootstrap, address)


class Secured(unittest.TestCase):
    """The second listener, with users, with TLS, and with rights."""

    def outcome(self, properties, topic="mine"):
        """'ok' when a client of the secured listener may see the topic; the name
        of the error otherwise."""
        refusals = []

        def on_error(error):
            # A refused certificate shows as a broken connection.
            if error.name() == "_AUTHENTICATION" or "SSL alert" in error.str():
                refusals.append(error.name())

        client = confluent_kafka.admin.AdminClient(
            {**properties, "log_level": 0, "error_cb": on_error})

        def ask():
            try:
                error = client.list_topics(topic, timeout=1).topics[topic].error
                return error.name() if error else "ok"
            except confluent_kafka.KafkaException:  # no broker would talk to it
                client.poll(0)
                return refusals and refusals[0]

        return kafka_broker.wait_until(ask, f"an answer about {topic}")

    def test_sasl_over_tls(self):
        scram = "ok" if confluent_kafka.libversion()[1] >= 0x02060100 else "_AUTHENTICATION"
        with KafkaBroker(users={"alice": "secret", "bob": "hidden"}, tls="server") as broker:
            broker.create_topic("mine")
            for mechanism, outcome in [("PLAIN", "ok"), ("OAUTHBEARER", "ok"),
                                       ("SCRAM-SHA-256", scram)]:
                with self.subTest(mechanism):
                    self.assertEqual(
                        self.outcome(broker.client_properties("bob", mechanism)), outcome)

    def test_mutual_tls(self):
        with KafkaBroker(tls="mutual") as broker:
            broker.create_topic("mine")
            self.assertEqual(self.outcome(broker.client_properties()), "ok")
            self.assertEqual(self.outcome(broker.client_properties(certificate=False)),
                             "_TRANSPORT")

    def test_wrong_password_and_missing_rights(self):
        with KafkaBroker(users={"alice": "secret"}, authorize=True) as broker:
            for topic in "mine", "not-mine":
                broker.create_topic(topic)
            broker.allow("alice", "--operation", "Read", "--topic", "mine")
            alice = broker.client_properties("alice")
            self.assertEqual(self.outcome(alice), "ok")
            self.assertEqual(self.outcome(alice, "not-mine"), "TOPIC_AUTHORIZATION_FAILED")
            self.assertEqual(self.outcome({**alice, "sasl.password": "guess"}), "_AUTHENTICATION")


class Program(unittest.TestCase):
    def test_runs_until_told_to_stop_and_keeps_its_data(self):
        with tempfile.TemporaryDirectory() as data:
            for topics in {}, {"kept": 1}:
                program = subprocess.Popen(
                    [sys.executable, kafka_broker.__file__, "--port", "0", "--data", data],
                    stdout=subprocess.PIPE, text=True)
                self.addCleanup(program.kill)
                address = program.stdout.readline().strip()
                client = confluent_kafka.admin.AdminClient({"bootstrap.servers": address,
                                                            "log_level": 0})
                self.assertEqual({name: len(topic.partitions) for name, topic in
                                  client.list_topics(timeout=30).topics.items()}, topics)
                if not topics:
                    client.create_topics([confluent_kafka.admin.NewTopic("kept", 1, 1)])[
                        "kept"].result(30)
                program.send_signal(signal.SIGTERM)
                self.assertEqual(program.wait(60), 0)
                program.stdout.close()
            self.assertTrue(pathlib.Path(data, "data", "kept-0").is_dir())


if __name__ == "__main__":
    kafka_broker.main()
