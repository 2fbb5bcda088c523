"""What a person does with a local stack: up, down, status, doctor, reset."""

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

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_green")

# The stages stop one after the other, each within its grace.
STOPPING = 30.0


def up(*, detach: bool = False, demo: bool = False) -> None:
    """Start the stack; return when it has ended, or with `detach` when it is ready."""
    state = State.open()
    if lock.pid(state) is not None:
        _say_it_runs(state, demo=demo)
        return
    lock.until_free(state, lock.LAST_BREATH)
    if faults := requirements.faults(state):
        _fail("\n".join(faults))
    if detach:
        _start_apart(state, demo=demo)
    else:
        _run_here(state, demo=demo)


def down() -> None:
    """End the stack that runs, gracefully."""
    state = State.existing()
    owner = lock.pid(state) if state else None
    if state is None or owner is None:
        console.print("Nothing runs.")
        return
    with console.status("Stopping"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(owner, signal.SIGTERM)
        stopped = lock.until_free(state, STOPPING)
    if not stopped:
        _fail(f"The stack (process {owner}) has not ended within {STOPPING:.0f} s; see {state.logs}.")
    console.print("Stopped. The data stays; `make reset` forgets it.")


def status(*, json: bool = False) -> None:
    """Say what runs; the exit code is 1 when nothing does."""
    state = State.existing()
    said = lock.status(state) if state else None
    if json:
        told = {
            "origin": state.origin if state else None,
            "mailbox": state.mailbox if state else None,
            "kafka": state.kafka if state else None,
            "services": said["services"] if said else [],
        }
        sys.stdout.write(jsonlib.dumps(told) + "\n")
    elif state is None or said is None:
        console.print("Nothing runs.")
    else:
        console.print(f"{said['doing']} (process {said['pid']})")
        for service in said["services"]:
            console.print(
                f"  {service['name']:<11} {service['state']:<9} pid {service['pid'] or '-':<8} "
                f"restarts {service['restarts']}"
            )
        _print_addresses(state, demo=said["demo"])
    if said is None:
        raise SystemExit(1)


def doctor() -> None:
    """Say for each thing that a stack needs whether it is there, and how to get it."""
    findings = requirements.findings(State.open())
    for finding in findings:
        said, colour = "ok    ", "green"
        if finding.fault or finding.warning:
            said, colour = ("fault ", "red") if finding.fault else ("note  ", "yellow")
        console.print(Text(said, colour), end="")
        console.print(Text(finding.fault or finding.warning or finding.what))
    if any(finding.fault for finding in findings):
        raise SystemExit(1)


def reset() -> None:
    """Stop the stack and forget its data, ports and secrets; what can be fetched again stays."""
    state = State.existing()
    if state is None:
        console.print("There is nothing to forget.")
        return
    if lock.pid(state) is not None:
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


def _run_here(state: State, *, demo: bool) -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its probes fail until the broker answers
    os.chdir(CHECKOUT)
    stack = Stack(state, demo=demo, tell=_say, show=_show)
    try:
        asyncio.run(stack.run(lambda: _print_addresses(state, demo=demo)))
    except FAILURES as error:
        _fail(explain(error))


def _start_apart(state: State, *, demo: bool) -> None:
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
    told = ""
    while process.poll() is None:
        said = lock.status(state)
        if said and said["doing"] != told:
            told = said["doing"]
            _say(told)
        if said and said["ready"]:
            _print_addresses(state, demo=demo)
            return
        time.sleep(0.1)
    _fail(f"The stack did not start:\n{log.read_text()}")


def _say_it_runs(state: State, *, demo: bool) -> None:
    said = lock.status(state)
    console.print(
        f"A stack runs already ({said['doing'].lower()})." if said else "A stack is starting already."
    )
    if demo and said and not said["demo"]:
        console.print("It runs without the demo: `make down`, then `make demo`.")
    _print_addresses(state, demo=bool(said and said["demo"]), ready=bool(said and said["ready"]))


def _print_addresses(state: State, *, demo: bool, ready: bool = True) -> None:
    console.print(
        f"\n  Dashboard  {state.origin}/\n  Inbox      {state.origin}/inbox\n  Mailbox    {state.mailbox}/\n"
    )
    if demo:
        from deploy.demo.company import PASSWORD, SIGN_INS  # noqa: PLC0415  (it brings the services with it)

        for person in SIGN_INS:
            sees = f", sees {' '.join(person.segments)}" if person.segments else ""
            console.print(f"  Sign in    {person.address} ({person.role}{sees})")
        console.print(f"  Password   {PASSWORD}\n")
    # In a thread of its own: whoever keeps the stack up here runs a loop already.
    elif ready and not ThreadPoolExecutor(1).submit(asyncio.run, _has_tenant(state)).result():
        console.print("  Next       make tenant NAME=Acme ADMIN=you@example.com\n", highlight=False)


async def _has_tenant(state: State) -> bool:
    from shared.db.database import Database  # noqa: PLC0415  (it takes a second to load)

    database = Database(state.database_url("trigger"), name="up", pool_size=1)
    try:
        async with database.reading() as uow:
            return bool((await uow.execute("SELECT EXISTS (SELECT FROM tenant)")).scalar_one())
    finally:
        await database.close()


def _say(doing: str) -> None:
    console.print(Text(f"· {doing}", "bold"))


def _show(name: str, line: str) -> None:
    # The same name has the same colour in every run.
    colour = COLOURS[zlib.crc32(name.encode()) % len(COLOURS)]
    console.print(Text.assemble((f"{name:>10} ", colour), line))


def _fail(message: str) -> None:
    errors.print(Text(message))
    raise SystemExit(1)
