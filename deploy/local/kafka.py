"""One real Apache Kafka node on the loopback: fetched with Maven, formatted once, run by Java."""

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
JARS = CACHE / f"kafka-{VERSION}"
ARCHIVE = CACHE / f"kafka-{VERSION}.jsa"
PLACE = Path(__file__).parent / "kafka"

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
    return JARS.is_dir()


def fetch() -> None:
    """Bring the jars into the cache; several callers at once wait for the first.

    Raises `subprocess.CalledProcessError` with what Maven said.
    """
    if is_fetched():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fetched():
            return
        unfinished = JARS.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run(  # noqa: S603  (a fixed command)
            (
                *("mvn", "--batch-mode", "--quiet", "--strict-checksums", "-f", str(PLACE / "pom.xml")),
                *("dependency:copy-dependencies", "-DincludeScope=runtime"),
                f"-DoutputDirectory={unfinished}",
            ),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        unfinished.rename(JARS)


def prepare(state: State, *, own: str = "", quorum: tuple[str, ...] = ("--standalone",)) -> None:
    """Write the node's settings, and format its folder if that was never done.

    `own` are settings that win over the usual ones; `quorum` tells who decides: this node alone, or several.
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
    # The first run leaves the loaded classes for the next ones, which start in two thirds of the time.
    # Java writes the file's header last and ignores a file without one.
    archive = (
        f"-XX:SharedArchiveFile={ARCHIVE}" if ARCHIVE.exists() else f"-XX:ArchiveClassesAtExit={ARCHIVE}"
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
        patience=90,
        grace=10,
        shown=False,
    )


async def answers(state: State) -> bool:
    """Whether it takes connections, and knows itself for a broker."""
    return await accepts(state.ports["kafka"]) and await _tells_its_brokers(state.kafka)


def _java(*options: str) -> tuple[str, ...]:
    return (
        *(
            "java",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile=file:{PLACE / 'log4j2.properties'}",
        ),
        *("-cp", f"{JARS}/*", *options),
    )


async def _tells_its_brokers(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except KafkaError:
        return False
    finally:
        await admin.close()
