"""What a local stack keeps between two starts: its ports, its secrets, and the folder of its files."""

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
PORT_NAMES = (
    "origin",
    "mailbox",
    "smtp",
    "kafka",
    "kafka_controller",
    "postgres",
    "replies",
    "replies_health",
    *(f"{service}_health" for service in SERVICES),
)
PASSWORD_NAMES = ("postgres", *SERVICES)

PORT_RANGE = range(20000, 32000)
"""Below the ports that Linux and macOS use for outgoing connections, so that a stored port is still free."""
_returned_ports: set[int] = set()
"""Those of this process's stacks, which may not listen yet."""

REPLY_HOST = "replies.localhost"
"""Of the addresses to which customers answer: mail to it goes from the mailbox to the port `replies`."""
LOCAL_NUMBER = "+4512345678"
"""From which the texts of a local stack come."""

CHECKOUT = Path(deploy.__file__).resolve().parents[1]
CACHE = CHECKOUT / ".state" / "cache"
"""What can be downloaded again at any time; shared by all stacks of the checkout, and kept by `reset`."""

OTHERS_CAN_READ_OR_WRITE = 0o066
"""Bits of a file's mode."""


def state_folder() -> Path:
    """The folder of the state: AFTERWORD_STATE, or `.state` in the checkout."""
    return Path(os.environ.get("AFTERWORD_STATE") or CHECKOUT / ".state").resolve()


@dataclass(frozen=True, slots=True)
class State:
    """The ports, passwords and secrets of one stack, as `stack.json` in its folder holds them."""

    root: Path
    ports: Mapping[str, int]
    passwords: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    cluster_id: str

    @classmethod
    def open(cls, root: Path | None = None) -> Self:
        """The stored state, or a new one."""
        root = root or state_folder()
        state = cls.existing(root) or cls._create(root)
        if (mode := root.stat().st_mode) & OTHERS_CAN_READ_OR_WRITE:
            # Created before folders were private. PostgreSQL's system user may have to traverse it.
            root.chmod(mode & 0o711)
        return state

    @classmethod
    def existing(cls, root: Path | None = None) -> Self | None:
        """The stored state; None before the first start."""
        root = root or state_folder()
        try:
            stored = json.loads((root / "stack.json").read_text())
        except FileNotFoundError:
            return None
        if missing := [name for name in PORT_NAMES if name not in stored["ports"]]:
            # Those of programs that the stack did not have when the state was made.
            stored["ports"] |= dict(zip(missing, free_ports(len(missing)), strict=True))
            write_private_file(root / "stack.json", json.dumps(stored, indent=2))
        return cls(root, stored["ports"], stored["passwords"], stored["secret"], stored["cluster_id"])

    @classmethod
    def _create(cls, root: Path) -> Self:
        state = cls(
            root,
            dict(zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True)),
            {name: secrets.token_urlsafe(24) for name in PASSWORD_NAMES},
            secrets.token_urlsafe(48),
            # A cluster id has 22 characters, and must not begin with a dash on Kafka's command line.
            "A" + secrets.token_urlsafe(16)[1:],
        )
        stored = {name: getattr(state, name) for name in ("ports", "passwords", "secret", "cluster_id")}
        root.mkdir(parents=True, exist_ok=True)
        if root.stat().st_mode & OTHERS_CAN_READ_OR_WRITE:
            # It holds mails with sign-in links, events and logs.
            root.chmod(0o700)
        write_private_file(root / "stack.json", json.dumps(stored, indent=2))
        return state

    @property
    def origin(self) -> str:
        """The address of the APIs and pages."""
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
        """A short name of this state, for files that cannot be in its folder."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    def database_url(self, service: str, database: str | None = None) -> str:
        """The URL of the service's database, or of another that its role owns."""
        return (
            f"postgresql+asyncpg://{service}:{self.passwords[service]}"
            f"@127.0.0.1:{self.ports['postgres']}/{database or service}"
        )

    def admin_url(self, database: str) -> str:
        """The superuser's URL of a database."""
        return self.database_url("postgres", database).replace("postgresql+asyncpg", "postgresql", 1)


def environment(state: State) -> dict[str, str]:
    """The settings of every service of this stack."""
    return {
        "AFTERWORD_LOCAL": "1",
        "AFTERWORD_LOG": os.environ.get("AFTERWORD_LOG", "console"),
        "AFTERWORD_STATE": str(state.root),
        "AFTERWORD_KAFKA": state.kafka,
        # With one broker and two cores, half as many partitions start in half the time.
        "AFTERWORD_TOPIC_PARTITIONS": "6",
        "AFTERWORD_TOPIC_REPLICATION": "1",
        # A source may read from a broker of this machine, as the demonstration's does.
        "AFTERWORD_OUTBOUND_NETWORKS": "127.0.0.0/8,::1/128",
        "AFTERWORD_PUBLIC_URL": state.origin,
        "AFTERWORD_STAFF_URL": state.origin,
        "AFTERWORD_MAILBOX_URL": state.mailbox,
        "AFTERWORD_SECRET": state.secret,
        "AFTERWORD_SMTP_URL": state.smtp,
        "AFTERWORD_REPLY_HOST": REPLY_HOST,
        "DISPATCHER_BOUNCE_LISTEN": f"127.0.0.1:{state.ports['replies']}",
        # The mailbox keeps texts, too, and believes whoever is on this machine.
        "DISPATCHER_SMS_PROVIDER": "generic",
        "DISPATCHER_SMS_URL": f"{state.mailbox}/sms",
        "DISPATCHER_SMS_SECRET": "local",
        "DISPATCHER_SMS_SIGNING_SECRET": hashlib.sha256(f"local sms:{state.secret}".encode()).hexdigest(),
        "DISPATCHER_SMS_NUMBER": LOCAL_NUMBER,
        **{f"{service.upper()}_DATABASE_URL": state.database_url(service) for service in SERVICES},
    }


def find_environment() -> dict[str, str]:
    """The settings of this checkout's stack.

    :raises SystemExit: when there is no stack yet; the message says how to create it.
    """
    state = State.existing()
    if state is None:
        raise SystemExit("There is no local stack yet (make up), and no AFTERWORD_… settings are given.")
    return environment(state)


def free_ports(count: int) -> list[int]:
    """That many ports of the loopback that no process listens on, and that no earlier call returned.

    :raises OSError: when there are fewer.
    """
    found: list[int] = []
    for port in random.sample(PORT_RANGE, len(PORT_RANGE)):
        if port not in _returned_ports and is_free(port):
            found.append(port)
        if len(found) == count:
            _returned_ports.update(found)
            return found
    raise OSError(f"fewer than {count} free ports between {PORT_RANGE.start} and {PORT_RANGE.stop}")


def is_free(port: int) -> bool:
    """Whether no process listens on this port of the loopback."""
    with socket.socket() as probe:
        # As the servers do, so that a connection in TIME_WAIT does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def write_private_file(path: Path, text: str) -> None:
    """Replace a file atomically, readable by its owner only."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
