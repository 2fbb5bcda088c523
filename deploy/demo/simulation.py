"""The demo's whole truth: what it sets up once, and the loops that it then runs until SIGTERM."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from deploy.demo import company, data, purchases, sentences
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient, DemoStopped
from deploy.demo.customers import SimulatedCustomers
from deploy.demo.history import History
from deploy.demo.import_history import import_history
from deploy.demo.model import Model
from deploy.demo.settings import Settings
from deploy.demo.staff import SimulatedAgents
from deploy.demo.stream import EventStream
from deploy.demo.traffic import Traffic
from deploy.local import state
from shared.clock import system_clock
from shared.runtime import Loop, pause, run_loops
from shared.settings import Afterword, load
from shared.telemetry.logging import configure_logging

REPORT_INTERVAL_S = 60.0

log = structlog.get_logger()


async def run_simulation(stopping: asyncio.Event) -> None:
    """Set the company up, bring its past along, and go on until asked to end."""
    (afterword,) = load([Afterword])
    (settings,) = load([Settings])
    configure_logging(afterword.log, service="demo")
    if afterword.mailbox_url is None:
        raise SystemExit("The demo needs a local stack: AFTERWORD_MAILBOX_URL is missing.")
    position = Checkpoint(state.state_folder() / "demo" / "position.json", system_clock)
    bought = await asyncio.to_thread(purchases.read_purchases, data.PURCHASES_FILE)
    model = Model(settings.seed, await asyncio.to_thread(sentences.read_sentences, data.SENTENCES_FILE))
    key = await company.api_key(position)
    doors = DemoClient(afterword.staff_url, key, stopping)
    mailbox = DemoClient(afterword.mailbox_url, None, stopping)
    stream = EventStream(model, bought)
    history = History(model, bought, position.progress.began, company.TIME_ZONE)
    try:
        await company.set_up(doors, position, afterword.staff_url)
        await import_history(history, doors, position)
        traffic = Traffic(stream, model, doors, position, every=settings.every, clock=system_clock)
        customers = SimulatedCustomers(stream, model, position, mailbox=mailbox, clock=system_clock)
        agents = SimulatedAgents(model, doors, position, await company.simulated_staff_ids(), system_clock)
        loops: dict[str, Loop] = {
            "traffic": traffic.run,
            "customers": customers.run,
            "agents": agents.run,
            "report": lambda stopping: log_progress(position, stopping),
        }
        await run_loops({name: _stopping_quietly(loop) for name, loop in loops.items()}, stopping)
    except* DemoStopped:
        pass
    finally:
        position.save()
        await doors.close()
        await mailbox.close()


async def log_progress(position: Checkpoint, stopping: asyncio.Event) -> None:
    """One line now and then."""
    while not stopping.is_set():
        told = position.progress
        log.info("demo_goes_on", events=told.next_event, answered=told.answered, closed=told.closed)
        await pause(stopping, REPORT_INTERVAL_S)


def _stopping_quietly(loop: Loop) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Whoever waited for a door when the stop came has ended as it should."""

    async def ended(stopping: asyncio.Event) -> None:
        try:
            await loop(stopping)
        except* DemoStopped:
            pass

    return ended
