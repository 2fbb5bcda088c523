"""Ends the children of a supervisor that was killed before it could end them itself.

The supervisor starts this file (standard library only, so that it is small) as the leader of the process
group into which it puts every child, and keeps the write end of its standard input. Nothing else has
that end open, so the kernel closes it however the supervisor dies. The supervisor's word `done` means
that no child is left.
"""

import os
import signal
import sys
import time

# PostgreSQL waits for its clients on SIGTERM and for nobody on SIGINT; what hangs on is killed.
ROUNDS = ((signal.SIGTERM, 4.0), (signal.SIGINT, 4.0), (signal.SIGKILL, 2.0))


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read() == b"done":
        return
    group = os.getpgrp()
    # The leader leaves the group by ending: what is left in it afterwards are the children.
    if os.fork():
        os._exit(0)
    os.setsid()
    for number, patience in ROUNDS:
        deadline = time.monotonic() + patience
        signalled = False
        while time.monotonic() < deadline:
            try:
                os.killpg(group, 0 if signalled else number)
            except ProcessLookupError:
                return
            signalled = True
            time.sleep(0.05)


if __name__ == "__main__":
    main()
