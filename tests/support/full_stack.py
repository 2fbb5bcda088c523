"""A local stack with all processes, started by the `afterword` command as a newcomer does."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.contact_rules import ask_to_write_at_any_time
from support.deployment import Deployment
from support.environment import without_settings

from deploy.local import postgres
from deploy.local.state import CHECKOUT, State

AFTERWORD = Path(sys.executable).with_name("afterword")


@dataclass(frozen=True)
class FullStack:
    """A running local stack in a folder of its own."""

    root: Path
    origin: str
    mailbox: str

    def run(self, *arguments: str) -> str:
        """The output of the `afterword` command for this stack."""
        return afterword(self.root, *arguments)


@dataclass(frozen=True)
class Company:
    """A tenant as `tenant start` printed it."""

    tenant: str
    key: str
    link: str

    @property
    def headers(self) -> dict[str, str]:
        """With its API key."""
        return {"Authorization": f"Bearer {self.key}"}


def afterword(root: Path, *arguments: str, **more: str) -> str:
    """The output of the command for the stack in this folder.

    :raises AssertionError: when it fails, with its output and the ends of all logs.
    """
    done = subprocess.run(
        (str(AFTERWORD), *arguments),
        cwd=CHECKOUT,
        env={**without_settings(), **more, "AFTERWORD_STATE": str(root)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"afterword {' '.join(arguments)}: {done.stdout}{done.stderr}{_logs(root)}")
    return done.stdout


@contextmanager
def a_full_stack(**settings: str) -> Iterator[FullStack]:
    """A stack with these settings, stopped and deleted at the end."""
    root = Path(tempfile.mkdtemp(prefix="afterword-e2e-"))
    root.chmod(0o711)
    State.open(root)  # with ports of this process's own
    try:
        afterword(root, "up", "--detach", **settings)
        status: dict[str, Any] = json.loads(afterword(root, "status", "--json"))
        yield FullStack(root, status["origin"], status["mailbox"])
    finally:
        afterword(root, "down")
        postgres.remove(State.open(root))
        shutil.rmtree(root)


def start_company(stack: FullStack | Deployment, name: str, admin: str) -> Company:
    """Create a tenant by `tenant start`, which writes to its customers at any hour."""
    printed = stack.run("tenant", "start", "--name", name, "--admin", admin)
    key, link = re.search(r"aw_\S+", printed), re.search(r"http\S+/login/link/\S+", printed)
    assert key, printed
    assert link, printed
    ask_to_write_at_any_time(stack.origin, key[0])
    return Company(name.lower(), key[0], link[0])


def _logs(root: Path) -> str:
    return "".join(
        f"\n== {log.name}\n{log.read_text()[-2_000:]}" for log in sorted((root / "logs").glob("*.log"))
    )
