"""Afterword as its compose file runs it: built, started and called as on a server of one's own."""

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
    """A compose project of its own."""

    project: str
    origin: str
    mailbox: str
    settings: dict[str, str]

    def compose(self, *arguments: str, within: float = 300) -> str:
        """The output of `docker compose …`.

        :raises AssertionError: when it fails, with its output.
        """
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
        """The output of the `afterword` command, run beside the services."""
        return self.compose("run", "--rm", "--no-TTY", "afterword", *arguments)

    def up(self, *arguments: str) -> None:
        """Start processes and wait until they are ready."""
        self.compose("up", "--detach", "--wait", *arguments)

    def missing(self, service: str) -> str:
        """Why a process is not ready; empty if it is."""
        ask = ("exec", "--no-TTY", service, "python", "-Im", "shared.cli.health_check", "8000", "readyz")
        try:
            self.compose(*ask)
        except AssertionError as error:
            return str(error)
        return ""


@contextmanager
def a_deployment(project: str) -> Iterator[Deployment]:
    """A deployment with ports of its own, deleted with its data at the end."""
    http, https, mailbox = free_ports(3)
    origin = f"http://localhost:{http}"
    settings = {
        "AFTERWORD_PUBLIC_URL": origin,
        "AFTERWORD_STAFF_URL": origin,
        "HTTP_PORT": str(http),
        "HTTPS_PORT": str(https),
        "MAILBOX_PORT": str(mailbox),
        "AFTERWORD_IMAGE": f"{project}:{os.getpid()}",
        # The tests use no mail server and no names of a developer's deploy/.env.
        **dict.fromkeys(("AFTERWORD_SMTP_URL", "AFTERWORD_MAIL_FROM", "AFTERWORD_LOCAL", "SITES"), ""),
    }
    deployment = Deployment(project, origin, f"http://localhost:{mailbox}", settings)
    try:
        deployment.compose("build", within=600)
        yield deployment
    finally:
        deployment.compose("down", "--volumes", "--remove-orphans", "--rmi", "local")


def engine() -> str | None:
    """Why no container engine can be used; None if one can."""
    for command in (("docker", "info"), ("docker", "compose", "version")):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        except FileNotFoundError:
            return "Docker is not installed"
        if done.returncode:
            return f"{' '.join(command)} says: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    return None
