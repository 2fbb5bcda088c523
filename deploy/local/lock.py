"""The lock that makes a stack the only one of its state, and the status file that it writes."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TypedDict, cast

from deploy.local.child import ChildReport
from deploy.local.state import State, write_private_file

REAPER_TIMEOUT_S = 15.0
"""After a supervisor was killed, its reaper holds the lock until it has ended the children."""


class AlreadyRunningError(Exception):
    """A stack of this state runs already."""


class StackStatus(TypedDict):
    pid: int
    demo: bool
    doing: str
    ready: bool
    services: list[ChildReport]


@contextmanager
def claim(state: State) -> Iterator[int]:
    """Lock the state for this stack; yields the file descriptor that the reaper keeps open.

    There are two locks, which the kernel releases when the last process that has them open ends:
    `stack.pid` is the supervisor's alone; `stack.lock` is shared with its reaper, so it is free when the last
    child has ended.

    :raises AlreadyRunningError: when another stack holds one of them.
    """
    with ExitStack() as descriptors:
        supervisor = _open(state, "stack.pid", descriptors)
        if not _lock(supervisor, timeout_s=1.0):  # `supervisor_pid` locks it for a moment
            raise AlreadyRunningError
        os.ftruncate(supervisor, 0)
        os.pwrite(supervisor, str(os.getpid()).encode(), 0)
        wait_until_free(state, REAPER_TIMEOUT_S)
        children = _open(state, "stack.lock", descriptors)
        if not _lock(children, timeout_s=1.0):
            raise AlreadyRunningError
        yield children


def supervisor_pid(state: State) -> int | None:
    """The process id of the running supervisor; None if none runs."""
    with ExitStack() as descriptors:
        supervisor = _open(state, "stack.pid", descriptors)
        return None if _is_free(supervisor) else int(os.pread(supervisor, 20, 0) or 0)


def wait_until_free(state: State, timeout_s: float) -> bool:
    """Wait until the last process of a stack has ended; False when the time is over first."""
    deadline = time.monotonic() + timeout_s
    while True:
        with ExitStack() as descriptors:
            if _is_free(_open(state, "stack.lock", descriptors)):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)  # flock waits for ever, or not at all


def write_status(state: State, status: StackStatus) -> None:
    write_private_file(state.root / "status.json", json.dumps(status))


def read_status(state: State) -> StackStatus | None:
    """The last status of the running stack; None if none runs."""
    owner = supervisor_pid(state)
    try:
        status = cast("StackStatus", json.loads((state.root / "status.json").read_text()))
    except FileNotFoundError:
        return None
    return status if status["pid"] == owner else None


def _open(state: State, name: str, descriptors: ExitStack) -> int:
    descriptor = os.open(state.root / name, os.O_RDWR | os.O_CREAT, 0o644)
    descriptors.callback(os.close, descriptor)
    return descriptor


def _lock(descriptor: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not _flock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)  # flock waits for ever, or not at all
    return True


def _is_free(descriptor: int) -> bool:
    """Whether no process holds the lock. Callers do not block each other: the test takes a shared lock."""
    return _flock(descriptor, fcntl.LOCK_SH)


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
