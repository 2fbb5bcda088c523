"""Whether the stack of a state runs, and what it said of itself last."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TypedDict, cast

from deploy.local.child import Report
from deploy.local.state import State, write_privately

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
    """Be the one stack of this state; gives a descriptor for the warden to hold.

    Two locks, which the kernel lets go of when the last process that has them open ends: `stack.pid` is
    the supervisor's alone, `stack.lock` is also its warden's, so it is free when the last child is gone.
    """
    with ExitStack() as descriptors:
        supervisor = _open(state, "stack.pid", descriptors)
        if not _lock(supervisor, patience=1.0):  # somebody may be looking just now
            raise AlreadyRunningError
        os.ftruncate(supervisor, 0)
        os.pwrite(supervisor, str(os.getpid()).encode(), 0)
        until_free(state, LAST_BREATH)
        children = _open(state, "stack.lock", descriptors)
        if not _lock(children, patience=1.0):
            raise AlreadyRunningError
        yield children


def pid(state: State) -> int | None:
    """The supervisor's process, or None if nothing runs."""
    with ExitStack() as descriptors:
        supervisor = _open(state, "stack.pid", descriptors)
        return None if _is_free(supervisor) else int(os.pread(supervisor, 20, 0) or 0)


def until_free(state: State, patience: float) -> bool:
    """Wait for the end of the last process of a stack; whether it came."""
    deadline = time.monotonic() + patience
    while True:
        with ExitStack() as descriptors:
            if _is_free(_open(state, "stack.lock", descriptors)):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)


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


def _open(state: State, name: str, descriptors: ExitStack) -> int:
    descriptor = os.open(state.root / name, os.O_RDWR | os.O_CREAT, 0o644)
    descriptors.callback(os.close, descriptor)
    return descriptor


def _lock(descriptor: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while not _flock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _is_free(descriptor: int) -> bool:
    """Whether nobody holds the lock; those who ask do not hinder each other."""
    return _flock(descriptor, fcntl.LOCK_SH)


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
