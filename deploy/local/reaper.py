"""Ends the children of a supervisor that was killed before it could end them itself.

The supervisor starts this file (standard library only, so that the process is small) as the leader of the
process group of all its children, and holds the write end of its standard input. No other process has that
end open, so the kernel closes it however the supervisor dies. If the supervisor has written `done` before,
no child is left.
"""

import os
import signal
import sys
import time

# On SIGTERM PostgreSQL waits for its clients, on SIGINT it does not; what is left is killed.
SIGNALS_AND_TIMEOUTS_S = ((signal.SIGTERM, 4.0), (signal.SIGINT, 4.0), (signal.SIGKILL, 2.0))


def main() -> None:
    """Wait for the supervisor's end, then end the process group."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() == b"done":
        return
    group = os.getpgrp()
    # The parent exits and the child leaves the group, so that only the supervisor's children are in it.
    if os.fork():
        os._exit(0)
    os.setsid()
    for number, timeout_s in SIGNALS_AND_TIMEOUTS_S:
        deadline = time.monotonic() + timeout_s
        signalled = False
        while time.monotonic() < deadline:
            try:
                os.killpg(group, 0 if signalled else number)
            except ProcessLookupError:
                return
            signalled = True
            time.sleep(0.05)  # they are not its children: there is no end to wait for


if __name__ == "__main__":
    main()
