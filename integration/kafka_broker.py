"""A real Apache Kafka broker on loopback, for the tests and the demo.

As a program it runs one broker until SIGINT or SIGTERM and prints its address:

    python3 integration/kafka_broker.py --port 9092 --data /tmp/kafka

As a module it is the tests' fixture:

    with KafkaBroker() as broker:
        broker.create_topic("ecs", partitions=3)
        broker.produce("ecs", [(b"host-1", b"{}")])
        broker.consume_all("ecs")

Needs Java 17, Maven once, and python3-confluent-kafka. Where one of them or
Maven Central is missing `KafkaBroker` raises Unavailable; a test file that ends
in `main()` is then skipped as a whole, and says so.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing
import unittest

try:
    import confluent_kafka
except ImportError:  # a Python of one's own before Debian's in PATH
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import confluent_kafka
    except ImportError:
        confluent_kafka = None
if confluent_kafka:
    from confluent_kafka import admin

ROOT = pathlib.Path(__file__).resolve().parent.parent
FETCH = ROOT / "integration" / "kafka_broker" / "fetch.sh"
JARS = ROOT / "build" / "kafka"
DEADLINE = 60  # seconds; for anything the broker does, on a busy machine
SKIPPED = 77  # exit code, as of fetch.sh
CLUSTER_ID = base64.urlsafe_b64encode(b"sequitur-kafka-1").decode().rstrip("=")


class Unavailable(Exception):
    """This machine cannot run a broker; the text says what is missing."""


class Record(typing.NamedTuple):
    """A record as read back; key and value are bytes or None, headers a list
    of (str, bytes or None), timestamp is in milliseconds (None: none)."""
    key: bytes
    value: bytes
    headers: list
    partition: int
    offset: int
    timestamp: int


def require():
    """Fetches the broker if it is not there yet; raises Unavailable."""
    if confluent_kafka is None:
        raise Unavailable("No Kafka client for this Python: "
                          "apt-get install python3-confluent-kafka and use Debian's python3")
    done = subprocess.run([str(FETCH)], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode == SKIPPED:
        raise Unavailable(done.stderr.strip().splitlines()[-1])
    if done.returncode != 0:
        raise RuntimeError(f"{FETCH} failed:\n{done.stderr}")


def wait_until(condition, what, seconds=DEADLINE):
    """The first true value of condition(); TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def free_port():
    """A free port below those that the kernel hands to outgoing connections,
    so that it is still free when a stopped broker comes back to it."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class KafkaBroker:
    """One broker that is its own controller, on 127.0.0.1.

    `bootstrap` is a listener without security; the methods below use it. Asking
    for users or TLS adds a second listener, `secured_bootstrap`;
    `client_properties` says how to use it.

    folder     where to keep everything; by default a temporary one that
               close() deletes. A folder used before is carried on with.
    port       of `bootstrap`; by default a free one, kept over restarts.
    users      {name: password} for SASL: PLAIN, SCRAM-SHA-256, and OAUTHBEARER
               with unsigned tokens for any name. SCRAM needs a client of
               librdkafka 2.6.1 or later: this broker refuses what 2.6.0
               and 2.0.2 send, as if the password were wrong.
    tls        "server": a certificate for the broker; "mutual": clients need
               one as well. Both are signed by the `ca` of client_properties.
    authorize  the users (or "CN=client" by mTLS) may do nothing but what
               `allow` grants them.
    config     broker properties over the defaults below.

    Unlike a broker out of the box this one never expires records, so that tests
    may write old timestamps, and creates no topics unasked. As out of the box,
    it refuses timestamps more than an hour ahead; a topic may lift that with
    message.timestamp.after.max.ms.

    The broker dies with the thread that started it.
    """

    # pylint: disable=too-many-instance-attributes,too-many-arguments

    def __init__(self, folder=None, port=0, users=None, tls=None, authorize=False, config=None):
        if tls not in (None, "server", "mutual"):
            raise ValueError(f"tls: {tls}")
        require()
        self._temporary = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="kafka-")).resolve()
        self.log = self.folder / "broker.log"
        self.process = None
        self._admin = None
        self._users = dict(users or {})
        self._tls = tls
        self._authorize = authorize
        self._config = dict(config or {})
        self._port = port or free_port()
        self._controller_port = free_port()
        self._secured_port = free_port()
        self.bootstrap = f"127.0.0.1:{self._port}"
        self.secured_bootstrap = f"127.0.0.1:{self._secured_port}" if users or tls else None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    # Life and death.

    def start(self):
        """Returns when every partition has its leader; RuntimeError with the
        end of the broker's log if it does not come up."""
        self._prepare()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._java(), "kafka.Kafka",
                 str(self.folder / "server.properties")],
                env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        # The log level keeps "connection refused" off the terminal.
        self._admin = admin.AdminClient({**self._client(), "reconnect.backoff.ms": 20,
                                         "reconnect.backoff.max.ms": 100})
        try:
            wait_until(self._ready, "the broker is ready")
        except Exception as error:
            self.kill()
            raise RuntimeError(f"{error}; the end of {self.log}:\n{self.log_tail()}") from error

    def stop(self):
        """An orderly end, data kept; start() carries on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(DEADLINE)
            self.kill()

    def kill(self):
        """SIGKILL, data kept as it is; start() carries on."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self._admin = None

    def restart(self):
        """stop() and start(): same ports, same data."""
        self.stop()
        self.start()

    def close(self):
        """stop(), and a temporary folder is deleted."""
        self.stop()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    # Topics.

    def create_topic(self, name, partitions=1, configs=None):
        """Returns when the topic can be written; configs: {property: value}."""
        topic = admin.NewTopic(name, num_partitions=partitions, replication_factor=1,
                               config={key: str(value) for key, value in (configs or {}).items()})
        self._admin.create_topics([topic])[name].result(DEADLINE)
        self._wait_for_topic(name, partitions)

    def set_partitions(self, name, partitions):
        """Raises the number of partitions; Kafka cannot lower it."""
        raised = admin.NewPartitions(name, partitions)
        self._admin.create_partitions([raised])[name].result(DEADLINE)
        self._wait_for_topic(name, partitions)

    def delete_topic(self, name):
        """Returns when the topic is gone."""
        self._admin.delete_topics([name])[name].result(DEADLINE)
        wait_until(lambda: name not in self.topics(), f"topic {name} is gone")

    def topics(self):
        """{topic: number of partitions}."""
        topics = self._admin.list_topics(timeout=DEADLINE).topics
        return {name: len(topic.partitions) for name, topic in topics.items()}

    # Records.

    def produce(self, topic, records, properties=None):
        """Writes (key, value, partition, timestamp, headers) tuples in order, of
        which all after value may be left out; returns the (partition, offset)
        of each. Key and value are str, bytes or None; the timestamp is in
        milliseconds (None or 0: now); without a partition the key's hash, or
        chance, selects one. Raises when one was not acknowledged.
        """
        producer = confluent_kafka.Producer(
            {**self._client(), "enable.idempotence": True, "linger.ms": 5, **(properties or {})})
        written = {}
        errors = []

        def delivered(index):
            def callback(error, message):
                if error:
                    errors.append(error)
                else:
                    written[index] = (message.partition(), message.offset())
            return callback

        for index, record in enumerate(records):
            key, value, partition, timestamp, headers = (*record, None, None, None)[:5]
            while True:
                try:
                    producer.produce(topic, value, key, -1 if partition is None else partition,
                                     on_delivery=delivered(index), timestamp=timestamp or 0,
                                     headers=list(headers or []))
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        unsent = producer.flush(DEADLINE)
        if errors or unsent:
            raise confluent_kafka.KafkaException(
                errors[0] if errors else f"{unsent} records not acknowledged")
        return [written[index] for index in sorted(written)]

    def consume_all(self, topic, properties=None):
        """Every committed record there was at the time of the call, and maybe some
        that came meanwhile, ordered by partition and offset."""
        records = []
        with self._consumer({"enable.partition.eof": True, **(properties or {})}) as consumer:
            open_partitions = set(range(self._partitions(topic)))
            positions = self._positions(topic, confluent_kafka.OFFSET_BEGINNING)
            ends = {position.partition: consumer.get_watermark_offsets(position, timeout=DEADLINE)[1]
                    for position in positions}
            consumer.assign(positions)
            deadline = time.monotonic() + DEADLINE
            while open_partitions:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"no end of {topic} within {DEADLINE} s")
                for message in consumer.consume(1000, 0.1):
                    error = message.error()
                    if not error:
                        records.append(_record(message))
                        # A topic that is written to all the time has no EOF.
                        if message.offset() + 1 >= ends[message.partition()]:
                            open_partitions.discard(message.partition())
                    elif error.code() == confluent_kafka.KafkaError._PARTITION_EOF:
                        open_partitions.discard(message.partition())
                    else:
                        raise confluent_kafka.KafkaException(error)
        return sorted(records, key=lambda record: (record.partition, record.offset))

    def delete_records(self, topic, before):
        """Deletes what lies before the given offsets, {partition: offset}."""
        offsets = self.folder / "delete-records.json"
        offsets.write_text(json.dumps({"version": 1, "partitions": [
            {"topic": topic, "partition": partition, "offset": offset}
            for partition, offset in before.items()]}), encoding="utf-8")
        self._tool("org.apache.kafka.tools.DeleteRecordsCommand",
                   "--bootstrap-server", self.bootstrap, "--offset-json-file", str(offsets))
        wait_until(lambda: self.begin_offsets(topic).items() >= before.items(),
                   f"records before {before} of {topic} are gone")

    # Offsets.

    def begin_offsets(self, topic):
        """{partition: offset of the oldest record there is}."""
        return {partition: low for partition, (low, _) in self._watermarks(topic).items()}

    def end_offsets(self, topic):
        """{partition: offset that the next record will have}."""
        return {partition: high for partition, (_, high) in self._watermarks(topic).items()}

    def offsets_for_times(self, topic, timestamp):
        """{partition: offset of the first record not before the timestamp in
        milliseconds, or None when there is none}."""
        with self._consumer() as consumer:
            found = consumer.offsets_for_times(self._positions(topic, timestamp), timeout=DEADLINE)
        return _offsets(found)

    def committed(self, group, topic):
        """{partition: offset the consumer group committed, or None}."""
        with self._consumer({"group.id": group}) as consumer:
            found = consumer.committed(self._positions(topic), timeout=DEADLINE)
        return _offsets(found)

    # Security.

    def client_properties(self, user=None, mechanism="PLAIN", certificate=True):
        """librdkafka properties for `secured_bootstrap`: as the user, by default
        the first one, and with a client certificate if TLS is mutual."""
        properties = {"bootstrap.servers": self.secured_bootstrap,
                      "security.protocol": self._secured_protocol().lower()}
        if self._users:
            user = user or next(iter(self._users))
            properties["sasl.mechanisms"] = mechanism
            if mechanism == "OAUTHBEARER":
                properties |= {"enable.sasl.oauthbearer.unsecure.jwt": "true",
                               "sasl.oauthbearer.config": f"principal={user}"}
            else:
                properties |= {"sasl.username": user,
                               "sasl.password": self._users.get(user, "no such user")}
        if self._tls:
            properties["ssl.ca.location"] = str(self.folder / "tls" / "ca.pem")
        if self._tls == "mutual" and certificate:
            properties |= {"ssl.certificate.location": str(self.folder / "tls" / "client.pem"),
                           "ssl.key.location": str(self.folder / "tls" / "client.key")}
        return properties

    def allow(self, user, *what):
        """Grants a user something, in the words of kafka-acls:
        allow("alice", "--operation", "Read", "--topic", "ecs")."""
        self._tool("org.apache.kafka.tools.AclCommand", "--bootstrap-server", self.bootstrap,
                   "--add", "--allow-principal", f"User:{user}", *what)

    # Inside.

    def _prepare(self):
        """Everything on disk that the broker needs; data of before is kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._tls and not (self.folder / "tls").exists():
            self._make_certificates()
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in
                                      self._properties().items()), encoding="utf-8")
        if not (self.folder / "data" / "meta.properties").exists():
            scram = [argument for name, password in self._users.items() for argument in
                     ("--add-scram", f"SCRAM-SHA-256=[name={name},password={password}]")]
            self._tool("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID,
                       "--config", str(properties), *scram)

    def _properties(self):
        listeners = {"PLAINTEXT": self._port, "CONTROLLER": self._controller_port}
        protocols = {"PLAINTEXT": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
        if self.secured_bootstrap:
            listeners["SECURED"] = self._secured_port
            protocols["SECURED"] = self._secured_protocol()
        urls = {name: f"{name}://127.0.0.1:{port}" for name, port in listeners.items()}
        properties = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": ",".join(urls.values()),
            "listener.security.protocol.map":
                ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "log.retention.ms": -1,
            # A single broker: no replicas, and few threads.
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "num.network.threads": 2,
            "num.io.threads": 4,
            "log.cleaner.dedupe.buffer.size": 16 << 20,
            # Quick to start, also after SIGKILL: until its old session times
            # out the broker may not register again.
            "broker.heartbeat.interval.ms": 200,
            "broker.session.timeout.ms": 3000,
            # Quick to hand partitions over, and clients may ask for it too.
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 500,
        }
        if self._users:
            kinds = {"plain": "plain.PlainLoginModule", "scram-sha-256": "scram.ScramLoginModule",
                     "oauthbearer": "oauthbearer.OAuthBearerLoginModule"}
            options = {
                "plain": [f'user_{name}="{password}"' for name, password in self._users.items()],
                "oauthbearer": ['unsecuredLoginStringClaim_sub="broker"']}
            properties["listener.name.secured.sasl.enabled.mechanisms"] = ",".join(kinds).upper()
            for kind, module in kinds.items():
                properties[f"listener.name.secured.{kind}.sasl.jaas.config"] = " ".join(
                    [f"org.apache.kafka.common.security.{module} required",
                     *options.get(kind, [])]) + ";"
        if self._tls:
            properties |= {
                "listener.name.secured.ssl.keystore.type": "PEM",
                "listener.name.secured.ssl.keystore.location": self.folder / "tls" / "broker.pem",
                "listener.name.secured.ssl.truststore.type": "PEM",
                "listener.name.secured.ssl.truststore.location": self.folder / "tls" / "ca.pem",
                "listener.name.secured.ssl.client.auth":
                    "required" if self._tls == "mutual" else "none"}
        if self._authorize:
            properties |= {
                "authorizer.class.name":
                    "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:ANONYMOUS"}
        return properties | self._config

    def _secured_protocol(self):
        return {(True, True): "SASL_SSL", (True, False): "SASL_PLAINTEXT",
                (False, True): "SSL"}[bool(self._users), bool(self._tls)]

    def _make_certificates(self):
        """tls/: ca.pem, broker.pem (with its key), client.pem and client.key."""
        folder = self.folder / "tls.new"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

        def openssl(name, *options):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                 "-keyout", f"{name}.key", "-out", f"{name}.pem", *options],
                cwd=folder, check=True, capture_output=True)

        openssl("ca")
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=CA:FALSE"]
        openssl("broker", *signed, "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        openssl("client", *signed)
        with open(folder / "broker.pem", "a", encoding="ascii") as chain:
            chain.write((folder / "broker.key").read_text(encoding="ascii"))
        folder.rename(self.folder / "tls")

    @staticmethod
    def _java():
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Djava.net.preferIPv4Stack=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS"]

    @staticmethod
    def _environment():
        return {**os.environ, "CLASSPATH": f"{JARS}/*"}

    def _tool(self, *command):
        """Runs one of Kafka's own programs; RuntimeError if that fails."""
        done = subprocess.run([*self._java(), *command], env=self._environment(), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=DEADLINE, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the broker ended with code {self.process.returncode}")
        try:
            metadata = self._admin.list_topics(timeout=1)
        except confluent_kafka.KafkaException:
            return False
        return bool(metadata.brokers) and all(_led(topic) for topic in metadata.topics.values())

    def log_tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def _client(self):
        return {"bootstrap.servers": self.bootstrap, "log_level": 0}

    @contextlib.contextmanager
    def _consumer(self, properties=None):
        consumer = confluent_kafka.Consumer({
            **self._client(), "group.id": "fixture", "enable.auto.commit": False,
            **(properties or {})})
        try:
            yield consumer
        finally:
            consumer.close()

    def _partitions(self, topic):
        return self.topics()[topic]

    def _positions(self, topic, *offset):
        return [confluent_kafka.TopicPartition(topic, partition, *offset)
                for partition in range(self._partitions(topic))]

    def _watermarks(self, topic):
        with self._consumer() as consumer:
            return {position.partition: consumer.get_watermark_offsets(position, timeout=DEADLINE)
                    for position in self._positions(topic)}

    def _wait_for_topic(self, name, partitions):
        def there():
            topic = self._admin.list_topics(timeout=DEADLINE).topics.get(name)
            return topic and len(topic.partitions) == partitions and _led(topic)
        wait_until(there, f"topic {name} has {partitions} partitions")


class BrokerTest(unittest.TestCase):
    """Tests with one broker for all of a class, and a folder for each."""

    @classmethod
    def setUpClass(cls):
        cls.broker = cls.enterClassContext(KafkaBroker())

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))


def _led(topic):
    return all(partition.leader >= 0 for partition in topic.partitions.values())


def _record(message):
    kind, timestamp = message.timestamp()
    return Record(message.key(), message.value(), message.headers() or [], message.partition(),
                  message.offset(),
                  None if kind == confluent_kafka.TIMESTAMP_NOT_AVAILABLE else timestamp)


def _offsets(positions):
    for position in positions:
        if position.error:
            raise confluent_kafka.KafkaException(position.error)
    return {position.partition: position.offset if position.offset >= 0 else None
            for position in positions}


def main():
    """unittest.main() for a file whose tests need the broker. Exit code 77,
    after saying so, when the machine cannot run one."""
    try:
        require()
    except Unavailable as why:
        print(f"\n*** SKIPPED, not passed: {pathlib.Path(sys.argv[0]).name} ***\n{why}\n",
              file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()


def _run():
    parser = argparse.ArgumentParser(description="Runs a Kafka broker on 127.0.0.1 until SIGINT "
                                     "or SIGTERM; prints its address when it is ready.")
    parser.add_argument("--port", type=int, default=9092, help="0: any that is free")
    parser.add_argument("--data", help="folder to keep; without it all is gone at the end")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with KafkaBroker(folder=options.data, port=options.port) as broker:
            print(broker.bootstrap, flush=True)
            code = broker.process.wait()
            sys.exit(f"The broker ended with code {code}; the end of {broker.log}:\n"
                     f"{broker.log_tail()}")
    except KeyboardInterrupt:
        pass
    except Unavailable as why:
        print(why, file=sys.stderr)
        sys.exit(SKIPPED)
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _run()
