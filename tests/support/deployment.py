"""Afterword as its compose file makes it: built, started and asked as somebody does on a server of their own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from support.environment import without_settings

from deploy.local.state import CHECKOUT, free_ports

COMPOSE = CHECKOUT / "deploy" / "compose.yaml"


@dataclass(frozen=True)
class Deployment:
    """A project of its own beside whatever else runs on this engine."""

    project: str
    origin: str
    mailbox: str
    settings: dict[str, str]

    def compose(self, *arguments: str, within: float = 300) -> str:
        """`docker compose …`; what it prints. A command that fails tells what it said."""
        done = subprocess.run(
            ("docker", "compose", "--file", str(COMPOSE), "--project-name", self.project, *arguments),
            env={**without_settings(), **self.settings},
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"docker compose {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def run(self, *arguments: str) -> str:
        """The `afterword` command beside the services; what it prints."""
        return self.compose("run", "--rm", "--no-TTY", "afterword", *arguments)

    def up(self, *arguments: str) -> None:
        self.compose("up", "--detach", "--wait", *arguments)

    def missing(self, service: str) -> str:
        """What a process says that it misses; empty when it is ready."""
        ask = ("exec", "--no-TTY", service, "python", "-Im", "shared.cli.health_check", "8000", "readyz")
        try:
            self.compose(*ask)
        except AssertionError as said:
            return str(said)
        return ""


@contextmanager
def a_deployment(project: str) -> Iterator[Deployment]:
    """Built, with ports of its own; down and forgotten at the end."""
    http, https, mailbox = free_ports(3)
    origin = f"http://localhost:{http}"
    settings = {
        "AFTERWORD_PUBLIC_URL": origin,
        "AFTERWORD_STAFF_URL": origin,
        "HTTP_PORT": str(http),
        "HTTPS_PORT": str(https),
        "MAILBOX_PORT": str(mailbox),
        "AFTERWORD_IMAGE": f"{project}:{os.getpid()}",
        # Whoever keeps a deploy/.env here: none of its mail and names for the tests.
        **dict.fromkeys(("AFTERWORD_SMTP_URL", "AFTERWORD_MAIL_FROM", "AFTERWORD_LOCAL", "SITES"), ""),
    }
    deployment = Deployment(project, origin, f"http://localhost:{mailbox}", settings)
    try:
        deployment.compose("build", within=600)
        yield deployment
    finally:
        deployment.compose("down", "--volumes", "--remove-orphans", "--rmi", "local")


def engine() -> str | None:
    """Why there is no container engine to be had; None when there is one."""
    for command in (("docker", "info"), ("docker", "compose", "version")):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except FileNotFoundError:
            return "Docker is not installed"
        if done.returncode:
            return f"{' '.join(command)} says: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    return None
