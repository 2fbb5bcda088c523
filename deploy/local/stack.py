"""The commands for a local stack: up, down, status, doctor, reset."""

import asyncio
import contextlib
import json as jsonlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.text import Text

from deploy.local import lock, postgres, requirements
from deploy.local.state import CACHE, CHECKOUT, State
from deploy.local.supervise import FAILURES, Stack, explain

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

NAME_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")

STOP_TIMEOUT_S = 30.0
"""For all stages, which are stopped one after the other."""


def up(*, detach: bool = False, demo: bool = False) -> None:
    """Start the stack; return when it has ended, with `detach` when it is ready."""
    state = State.open()
    if lock.supervisor_pid(state) is not None:
        _print_already_running(state, demo=demo)
        return
    lock.wait_until_free(state, lock.REAPER_TIMEOUT_S)
    if faults := requirements.find_faults(state):
        _fail("\n".join(faults))
    if detach:
        _start_detached(state, demo=demo)
    else:
        _run_attached(state, demo=demo)


def down() -> None:
    """Stop the running stack gracefully."""
    state = State.existing()
    owner = lock.supervisor_pid(state) if state else None
    if state is None or owner is None:
        console.print("Nothing runs.")
        return
    with console.status("Stopping"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(owner, signal.SIGTERM)
        stopped = lock.wait_until_free(state, STOP_TIMEOUT_S)
    if not stopped:
        _fail(f"The stack (process {owner}) has not ended within {STOP_TIMEOUT_S:.0f} s; see {state.logs}.")
    console.print("Stopped. The data stays; `make reset` forgets it.")


def status(*, json: bool = False) -> None:
    """Print what runs; exit with 1 if nothing does."""
    state = State.existing()
    found = lock.read_status(state) if state else None
    if json:
        report = {
            "origin": state.origin if state else None,
            "mailbox": state.mailbox if state else None,
            "kafka": state.kafka if state else None,
            "services": found["services"] if found else [],
        }
        sys.stdout.write(jsonlib.dumps(report) + "\n")
    elif state is None or found is None:
        console.print("Nothing runs.")
    else:
        console.print(f"{found['doing']} (process {found['pid']})")
        for service in found["services"]:
            console.print(
                f"  {service['name']:<11} {service['state']:<9} pid {service['pid'] or '-':<8} "
                f"restarts {service['restarts']}"
            )
        _print_addresses(state, demo=found["demo"])
    if found is None:
        raise SystemExit(1)


def doctor() -> None:
    """Print for each requirement whether it is met, and how to meet it; exit with 1 if one is not."""
    checks = requirements.all_checks(State.open())
    for check in checks:
        verdict, colour = "ok    ", "green"
        if check.fault or check.warning:
            verdict, colour = ("fault ", "red") if check.fault else ("note  ", "yellow")
        console.print(Text(verdict, colour), end="")
        console.print(Text(check.fault or check.warning or check.what))
    if any(check.fault for check in checks):
        raise SystemExit(1)


def reset() -> None:
    """Stop the stack and delete its data, ports and secrets; the cache of downloads stays."""
    state = State.existing()
    if state is None:
        console.print("There is nothing to forget.")
        return
    if lock.supervisor_pid(state) is not None:
        down()
    postgres.remove(state)
    for path in state.root.iterdir():
        if path == CACHE:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    console.print("Everything is forgotten.")


def _run_attached(state: State, *, demo: bool) -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the probe fails until the broker is ready
    os.chdir(CHECKOUT)
    stack = Stack(state, demo=demo, on_step=_print_step, on_line=_print_line)
    try:
        asyncio.run(stack.run(lambda: _print_addresses(state, demo=demo)))
    except FAILURES as error:
        _fail(explain(error))


def _start_detached(state: State, *, demo: bool) -> None:
    state.logs.mkdir(parents=True, exist_ok=True)
    log = state.logs / "stack.log"
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603  (a fixed command)
            (sys.executable, "-m", "deploy.local.supervise", *(["--demo"] if demo else [])),
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    printed = ""
    while process.poll() is None:
        found = lock.read_status(state)
        if found and found["doing"] != printed:
            printed = found["doing"]
            _print_step(printed)
        if found and found["ready"]:
            _print_addresses(state, demo=demo)
            return
        time.sleep(0.1)  # another process writes the status
    _fail(f"The stack did not start:\n{log.read_text()}")


def _print_already_running(state: State, *, demo: bool) -> None:
    found = lock.read_status(state)
    console.print(
        f"A stack runs already ({found['doing'].lower()})." if found else "A stack is starting already."
    )
    if demo and found and not found["demo"]:
        console.print("It runs without the demo: `make down`, then `make demo`.")
    _print_addresses(state, demo=bool(found and found["demo"]), ready=bool(found and found["ready"]))


def _print_addresses(state: State, *, demo: bool, ready: bool = True) -> None:
    console.print(
        f"\n  Dashboard  {state.origin}/\n  Inbox      {state.origin}/inbox\n  Mailbox    {state.mailbox}/"
        f"\n  Texts      {state.mailbox}/texts"
    )
    if demo:
        console.print(f"  Sources    {state.origin}/sources")
    console.print()
    if demo:
        from deploy.demo.company import PASSWORD, SIGN_INS  # noqa: PLC0415  (it imports the services)

        for person in SIGN_INS:
            sees = f", sees {' '.join(person.segments)}" if person.segments else ""
            console.print(f"  Sign in    {person.address} ({person.role}{sees})")
        console.print(f"  Password   {PASSWORD}\n")
    # In a thread of its own: `up` without --detach runs an event loop in this one.
    elif ready and not ThreadPoolExecutor(1).submit(asyncio.run, _has_tenant(state)).result():
        console.print("  Next       make tenant NAME=Acme ADMIN=you@example.com\n", highlight=False)


async def _has_tenant(state: State) -> bool:
    from shared.db.database import Database  # noqa: PLC0415  (the import takes a second)

    database = Database(state.database_url("trigger"), name="up", pool_size=1)
    try:
        async with database.reading() as uow:
            return bool((await uow.execute("SELECT EXISTS (SELECT FROM tenant)")).scalar_one())
    finally:
        await database.close()


def _print_step(doing: str) -> None:
    console.print(Text(f"· {doing}", "bold"))


def _print_line(name: str, line: str) -> None:
    # By a hash of the name, so that a program has the same colour in every run.
    colour = NAME_COLOURS[zlib.crc32(name.encode()) % len(NAME_COLOURS)]
    console.print(Text.assemble((f"{name:>10} ", colour), line))


def _fail(message: str) -> None:
    errors.print(Text(message))
    raise SystemExit(1)
