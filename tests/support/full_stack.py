"""The whole of Afterword as a newcomer starts it: every process, by the command itself."""

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

from support.environment import without_settings

from deploy.local import postgres
from deploy.local.state import CHECKOUT, State

AFTERWORD = Path(sys.executable).with_name("afterword")


@dataclass(frozen=True)
class FullStack:
    """A local stack that runs, in a folder of its own."""

    root: Path
    origin: str
    mailbox: str

    def run(self, *arguments: str) -> str:
        """The `afterword` command in this stack; what it prints."""
        return afterword(self.root, *arguments)


@dataclass(frozen=True)
class Company:
    """What `tenant start` printed."""

    tenant: str
    key: str
    link: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def afterword(root: Path, *arguments: str, **more: str) -> str:
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
    """Up with these settings, and at the end down and forgotten."""
    root = Path(tempfile.mkdtemp(prefix="afterword-e2e-"))
    root.chmod(0o711)
    try:
        afterword(root, "up", "--detach", **settings)
        told: dict[str, Any] = json.loads(afterword(root, "status", "--json"))
        yield FullStack(root, told["origin"], told["mailbox"])
    finally:
        afterword(root, "down")
        postgres.remove(State.open(root))
        shutil.rmtree(root)


def start_company(whole: FullStack, name: str, admin: str) -> Company:
    printed = whole.run("tenant", "start", "--name", name, "--admin", admin)
    key, link = re.search(r"aw_\S+", printed), re.search(r"http\S+/login/link/\S+", printed)
    assert key, printed
    assert link, printed
    return Company(name.lower(), key[0], link[0])


def _logs(root: Path) -> str:
    return "".join(
        f"\n== {log.name}\n{log.read_text()[-2_000:]}" for log in sorted((root / "logs").glob("*.log"))
    )
