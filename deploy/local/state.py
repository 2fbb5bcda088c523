"""What a local stack remembers between two starts: its ports, its secrets, and where its files lie."""

import hashlib
import json
import os
import random
import secrets
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import deploy

SERVICES = ("trigger", "dispatcher", "collector", "scorer", "alerts")
PORTS = (
    "origin",
    "mailbox",
    "smtp",
    "kafka",
    "kafka_controller",
    "postgres",
    *(f"{service}_health" for service in SERVICES),
)
PASSWORDS = ("postgres", *SERVICES)

# Below the range from which Linux and macOS take ports for outgoing connections, so that a remembered
# port is not in somebody's use by chance at the next start.
PORT_RANGE = range(20000, 32000)

CHECKOUT = Path(deploy.__file__).resolve().parents[1]
# What can be fetched again at any time; shared by every stack of the checkout and spared by `reset`.
CACHE = CHECKOUT / ".state" / "cache"


def folder() -> Path:
    return Path(os.environ.get("AFTERWORD_STATE") or CHECKOUT / ".state").resolve()


OTHERS_READ = 0o066


@dataclass(frozen=True, slots=True)
class State:
    root: Path
    ports: Mapping[str, int]
    passwords: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    cluster_id: str

    @classmethod
    def open(cls, root: Path | None = None) -> Self:
        """The state as it was left, or a new one."""
        root = root or folder()
        state = cls.existing(root) or cls._create(root)
        if (mode := root.stat().st_mode) & OTHERS_READ:
            # Made before folders were private. PostgreSQL's system user may have to pass through it.
            root.chmod(mode & 0o711)
        return state

    @classmethod
    def existing(cls, root: Path | None = None) -> Self | None:
        root = root or folder()
        try:
            kept = json.loads((root / "stack.json").read_text())
        except FileNotFoundError:
            return None
        return cls(root, kept["ports"], kept["passwords"], kept["secret"], kept["cluster_id"])

    @classmethod
    def _create(cls, root: Path) -> Self:
        state = cls(
            root,
            dict(zip(PORTS, free_ports(len(PORTS)), strict=True)),
            {name: secrets.token_urlsafe(24) for name in PASSWORDS},
            secrets.token_urlsafe(48),
            # Kafka takes 22 characters for a cluster's id, and its command line no leading dash.
            "A" + secrets.token_urlsafe(16)[1:],
        )
        kept = {name: getattr(state, name) for name in ("ports", "passwords", "secret", "cluster_id")}
        root.mkdir(parents=True, exist_ok=True)
        if root.stat().st_mode & OTHERS_READ:
            # Mails with sign-in links, events and logs lie below.
            root.chmod(0o700)
        write_privately(root / "stack.json", json.dumps(kept, indent=2))
        return state

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.ports['origin']}"

    @property
    def mailbox(self) -> str:
        return f"http://127.0.0.1:{self.ports['mailbox']}"

    @property
    def smtp(self) -> str:
        return f"smtp://127.0.0.1:{self.ports['smtp']}"

    @property
    def kafka(self) -> str:
        return f"127.0.0.1:{self.ports['kafka']}"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def key(self) -> str:
        """A short name of this state, for what cannot lie under its folder."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    def database_url(self, service: str, database: str | None = None) -> str:
        return (
            f"postgresql+asyncpg://{service}:{self.passwords[service]}"
            f"@127.0.0.1:{self.ports['postgres']}/{database or service}"
        )


def environment(state: State) -> dict[str, str]:
    """The settings of every service of this stack."""
    return {
        "AFTERWORD_LOCAL": "1",
        "AFTERWORD_LOG": os.environ.get("AFTERWORD_LOG", "console"),
        "AFTERWORD_STATE": str(state.root),
        "AFTERWORD_KAFKA": state.kafka,
        # One broker and two cores: half as many partitions start in half the time.
        "AFTERWORD_TOPIC_PARTITIONS": "6",
        "AFTERWORD_TOPIC_REPLICATION": "1",
        "AFTERWORD_PUBLIC_URL": state.origin,
        "AFTERWORD_STAFF_URL": state.origin,
        "AFTERWORD_MAILBOX_URL": state.mailbox,
        "AFTERWORD_SECRET": state.secret,
        "AFTERWORD_SMTP_URL": state.smtp,
        **{f"{service.upper()}_DATABASE_URL": state.database_url(service) for service in SERVICES},
    }


def find_environment() -> dict[str, str]:
    """The settings of this checkout's stack; without one the process ends and says how to get it."""
    state = State.existing()
    if state is None:
        raise SystemExit("There is no local stack yet (make up), and no AFTERWORD_… settings are given.")
    return environment(state)


def free_ports(count: int) -> list[int]:
    """That many ports of the loopback that nobody listens on."""
    found: list[int] = []
    for port in random.sample(PORT_RANGE, len(PORT_RANGE)):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"fewer than {count} free ports between {PORT_RANGE.start} and {PORT_RANGE.stop}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a connection that lingers from the last run is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def write_privately(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
