"""Whether the stack of a state runs, and what it said of itself last."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict, cast

from deploy.local.state import State, write_privately
from deploy.local.supervisor import Report

# A killed stack's warden ends the children before it lets go of the lock.
LAST_BREATH = 15.0


class AlreadyRunningError(Exception):
    """A stack of this state runs already."""


class Status(TypedDict):
    pid: int
    demo: bool
    doing: str
    ready: bool
    services: list[Report]


@contextmanager
def claim(state: State) -> Iterator[int]:
    """Be the one stack of this state; gives the descriptor that holds the claim.

    The kernel lets go of it when the last process that has it open ends, so no stale file can lie.
    """
    descriptor = os.open(state.root / "stack.pid", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _lock(descriptor):
            raise AlreadyRunningError
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def pid(state: State) -> int | None:
    """The supervisor's process, or None if nothing runs."""
    try:
        descriptor = os.open(state.root / "stack.pid", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _lock(descriptor) else int(os.pread(descriptor, 20, 0) or 0)
    finally:
        os.close(descriptor)


def report(state: State, status: Status) -> None:
    write_privately(state.root / "status.json", json.dumps(status))


def status(state: State) -> Status | None:
    """What the running stack said last; None if nothing runs."""
    owner = pid(state)
    try:
        said = cast("Status", json.loads((state.root / "status.json").read_text()))
    except FileNotFoundError:
        return None
    return said if said["pid"] == owner else None


def until_free(state: State, patience: float) -> bool:
    """Wait for the end of whatever runs; whether it came."""
    deadline = time.monotonic() + patience
    while pid(state) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
