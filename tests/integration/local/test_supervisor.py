"""The supervisor: restarts what ends, and leaves nothing behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from support.eventually import eventually

from deploy.local.child import StartFailedError
from deploy.local.program import Program
from deploy.local.supervisor import Supervisor

FOREVER = "import time, os; print(os.getpid(), flush=True); time.sleep(3600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
# A supervisor in a process of its own, that can be killed.
SUPERVISOR = f"""
import asyncio, sys
from pathlib import Path
from deploy.local.program import Program
from deploy.local.supervisor import Supervisor

async def main():
    async with Supervisor(Path(sys.argv[1])) as supervisor:
        await supervisor.start(*(Program(n, (sys.executable, "-c", {FOREVER!r})) for n in ("one", "two")))
        print(*(report["pid"] for report in supervisor.reports), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def python(name: str, code: str, *arguments: str, stop_timeout_s: float = 5.0) -> Program:
    return Program(name, (sys.executable, "-c", code, *arguments), stop_timeout_s=stop_timeout_s)


async def test_a_program_that_ends_starts_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python("crashing", "raise SystemExit('the teapot broke')"))
        await eventually(lambda: supervisor.reports[0]["restarts"] >= 2)
        log = (tmp_path / "crashing.log").read_text()
    assert "the teapot broke" in log
    assert "starts again in 0.5 s" in log
    assert "starts again in 1 s" in log


async def test_a_killed_program_is_running_again(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python("steady", FOREVER))
        first = supervisor.reports[0]["pid"]
        assert first is not None
        assert supervisor._stages[0][0].process is not None
        supervisor._stages[0][0].process.send_signal(signal.SIGKILL)

        def has_come_back() -> bool:
            report = supervisor.reports[0]
            return report["state"] == "ready" and report["pid"] not in {None, first}

        await eventually(has_come_back)
        second = supervisor.reports[0]["pid"]
    assert second is not None
    assert not is_alive(second)


async def test_stages_stop_in_reverse_order(tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open(sys.argv[1] + sys.argv[2], 'w')\n"
        "time.sleep(3600)"
    )
    async with Supervisor(tmp_path) as supervisor:
        for name in ("broker", "service"):
            await supervisor.start(python(name, code, str(stopped), name))
            await eventually((tmp_path / f"stopped{name}").exists)
    assert stopped.read_text().split() == ["service", "broker"]


async def test_a_program_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.start(python("deaf", DEAF, stop_timeout_s=0.2))
        await eventually((tmp_path / "deaf.log").read_text)
        pid = supervisor.reports[0]["pid"]
    assert pid is not None
    assert not is_alive(pid)


async def never() -> bool:
    return False


async def test_a_program_that_never_answers_fails_the_start_with_the_end_of_its_log(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        code = "print('waiting for the broker', flush=True); import time; time.sleep(3600)"
        silent = Program("silent", (sys.executable, "-c", code), ready=never, ready_timeout_s=1.0)
        with pytest.raises(StartFailedError, match=r"not ready within 1 s(?s:.*)waiting for the broker"):
            await supervisor.start(silent)


async def test_a_program_that_ends_again_and_again_fails_the_start_before_its_time(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        code = "raise SystemExit('no such setting: AFTERWORD_KAFAK')"
        misspelt = Program("misspelt", (sys.executable, "-c", code), ready=never, ready_timeout_s=3600)
        with pytest.raises(StartFailedError, match=r"ended 3 times(?s:.*)AFTERWORD_KAFAK"):
            await supervisor.start(misspelt)


async def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.run(python("fine", "pass"))
        with pytest.raises(StartFailedError, match="relation is missing"):
            await supervisor.run(python("migrate", "raise SystemExit('relation is missing')"))


async def test_a_line_longer_than_any_buffer_is_kept_whole(tmp_path: Path) -> None:
    async with Supervisor(tmp_path) as supervisor:
        await supervisor.run(python("long", "print('x' * 300_000)"))
    assert (tmp_path / "long.log").read_text() == "x" * 300_000 + "\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path, number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    children = [int(pid) for pid in (await process.stdout.readline()).split()]
    assert len(children) == 2
    assert all(is_alive(child) for child in children)
    process.send_signal(number)
    await process.wait()
    await eventually(lambda: not any(is_alive(child) for child in children))
