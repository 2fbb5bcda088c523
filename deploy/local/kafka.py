"""One real Apache Kafka node on the loopback: downloaded with Maven, formatted once, run by Java."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.local.probes import accepts
from deploy.local.program import Program
from deploy.local.state import CACHE, State

VERSION = "4.3.1"
JARS_FOLDER = CACHE / f"kafka-{VERSION}"
CLASS_ARCHIVE = CACHE / f"kafka-{VERSION}.jsa"
CONFIG_FOLDER = Path(__file__).parent / "kafka"

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
log.message.timestamp.type=LogAppendTime
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# The default takes half of so small a heap.
log.cleaner.dedupe.buffer.size=2097152
num.network.threads=2
num.io.threads=2
log.segment.bytes=67108864
# A broker that was killed may register again as soon as its old session has ended.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""


def is_fetched() -> bool:
    return JARS_FOLDER.is_dir()


def fetch() -> None:
    """Download the jars into the cache; concurrent callers wait for the first.

    :raises subprocess.CalledProcessError: with Maven's output.
    """
    if is_fetched():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fetched():
            return
        unfinished = JARS_FOLDER.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run(  # noqa: S603  (a fixed command)
            (
                *("mvn", "--batch-mode", "--quiet", "--strict-checksums"),
                *("-f", str(CONFIG_FOLDER / "pom.xml")),
                *("dependency:copy-dependencies", "-DincludeScope=runtime"),
                f"-DoutputDirectory={unfinished}",
            ),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        unfinished.rename(JARS_FOLDER)


def prepare(state: State, *, own: str = "", quorum: tuple[str, ...] = ("--standalone",)) -> None:
    """Write the node's settings, and format its folder before its first start.

    `own` are settings that override the usual ones; `quorum` are the options of the format command that name
    the controllers: this node alone, or several.
    """
    home = state.root / "kafka"
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "server.properties"
    settings.write_text(
        PROPERTIES.format(
            broker=state.ports["kafka"], controller=state.ports["kafka_controller"], data=home / "data"
        )
        + own
    )
    formatted = home / "formatted"
    if not formatted.exists():
        subprocess.run(  # noqa: S603  (a fixed command)
            (
                *_java("-XX:TieredStopAtLevel=1"),
                *("kafka.tools.StorageTool", "format", *quorum, "--ignore-formatted"),
                *("--cluster-id", state.cluster_id, "--config", str(settings)),
            ),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        formatted.touch()


def program(state: State) -> Program:
    """The node, ready once a client gets its metadata."""
    # The first run leaves an archive of the loaded classes, with which later runs start in two thirds of the
    # time. Java writes the archive's header last and ignores a file without one.
    archive = (
        f"-XX:SharedArchiveFile={CLASS_ARCHIVE}"
        if CLASS_ARCHIVE.exists()
        else f"-XX:ArchiveClassesAtExit={CLASS_ARCHIVE}"
    )
    return Program(
        "kafka",
        (
            *_java("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
            *(archive, "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"),
            "-XX:+ExitOnOutOfMemoryError",
            *("kafka.Kafka", str(state.root / "kafka" / "server.properties")),
        ),
        ready=lambda: answers(state),
        ready_timeout_s=90,
        stop_timeout_s=10,
        shown=False,
    )


async def answers(state: State) -> bool:
    """Whether it accepts connections, and its metadata name a broker."""
    return await accepts(state.ports["kafka"]) and await _knows_a_broker(state.kafka)


def _java(*options: str) -> tuple[str, ...]:
    return (
        *("java", "-Djava.awt.headless=true"),
        f"-Dlog4j2.configurationFile=file:{CONFIG_FOLDER / 'log4j2.properties'}",
        *("-cp", f"{JARS_FOLDER}/*", *options),
    )


async def _knows_a_broker(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except KafkaError:
        return False
    finally:
        await admin.close()
