"""The demo on one screen: what it sets up once, and the loops that it then runs until SIGTERM."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from deploy.demo import company, data, kafka_source, purchases, sentences
from deploy.demo.case_plan import Colleagues
from deploy.demo.checkpoint import Checkpoint
from deploy.demo.client import DemoClient, DemoStopped
from deploy.demo.correspondence import Correspondence
from deploy.demo.customers import SimulatedCustomers
from deploy.demo.history import History
from deploy.demo.import_history import import_history
from deploy.demo.model import Model
from deploy.demo.second_looks import SecondLooks
from deploy.demo.settings import Settings
from deploy.demo.staff import SimulatedAgents
from deploy.demo.stream import EventStream
from deploy.demo.tills import Tills
from deploy.demo.traffic import Traffic
from deploy.local import state
from shared.clock import system_clock
from shared.health import Health
from shared.kafka.kernel.publisher import Publisher
from shared.runtime import Loop, pause, run_loops
from shared.settings import Afterword, load
from shared.telemetry.logging import configure_logging

REPORT_INTERVAL_S = 60.0

log = structlog.get_logger()


async def run_simulation(stopping: asyncio.Event) -> None:
    """Set up the company, import its history, and simulate events, customers and staff until stopped."""
    (afterword,) = load([Afterword])
    (settings,) = load([Settings])
    configure_logging(afterword.log, service="demo")
    if afterword.mailbox_url is None:
        raise SystemExit("The demo needs a local stack: AFTERWORD_MAILBOX_URL is missing.")
    checkpoint = Checkpoint(state.state_folder() / "demo" / "position.json", system_clock)
    all_purchases = await asyncio.to_thread(purchases.read_purchases, data.PURCHASES_FILE)
    model = Model(settings.seed, await asyncio.to_thread(sentences.read_sentences, data.SENTENCES_FILE))
    key = await company.api_key(checkpoint)
    client = DemoClient(afterword.staff_url, key, stopping)
    mailbox = DemoClient(afterword.mailbox_url, None, stopping)
    stream = EventStream(model, all_purchases)
    history = History(model, all_purchases, checkpoint.progress.began, company.TIME_ZONE)
    try:
        await company.set_up(client, checkpoint, afterword.staff_url)
        await kafka_source.create_topic(afterword.kafka)
        await kafka_source.declare(afterword.staff_url, afterword.kafka, checkpoint, stopping)
        await import_history(history, client, checkpoint)
        publisher = Publisher(afterword.kafka, "demo-tills", Health("demo"))
        tills = Tills(model, publisher, stopping)
        traffic = Traffic(stream, model, client, tills, checkpoint, every=settings.every, clock=system_clock)
        correspondence = Correspondence(
            *(model, checkpoint),
            mailbox=mailbox,
            smtp_url=afterword.smtp_url.get_secret_value(),
            clock=system_clock,
        )
        customers = SimulatedCustomers(
            *(stream, model, checkpoint, correspondence), mailbox=mailbox, clock=system_clock
        )
        looks = SecondLooks(model, checkpoint, mailbox=mailbox, clock=system_clock)
        colleagues = Colleagues(await company.simulated_colleagues())
        agents = SimulatedAgents(model, client, checkpoint, colleagues, system_clock, looks.case_closed)
        loops: dict[str, Loop] = {
            "publisher": publisher.run,
            "traffic": traffic.run,
            "customers": customers.run,
            "agents": agents.run,
            "second looks": looks.run,
            "report": lambda stopping: log_progress(checkpoint, stopping),
        }
        await run_loops({name: _stopping_quietly(loop) for name, loop in loops.items()}, stopping)
    except* DemoStopped:
        pass
    finally:
        checkpoint.save()
        await client.close()
        await mailbox.close()


async def log_progress(checkpoint: Checkpoint, stopping: asyncio.Event) -> None:
    """Log the counts once a minute."""
    while not stopping.is_set():
        done = checkpoint.progress
        log.info(
            "demo_goes_on",
            events=done.next_event,
            answered=done.answered,
            closed=done.closed,
            mails_answered=done.mails_answered,
            objected=done.objected,
        )
        await pause(stopping, REPORT_INTERVAL_S)


def _stopping_quietly(loop: Loop) -> Callable[[asyncio.Event], Awaitable[None]]:
    """The same loop; a request that was waiting at the stop is no error."""

    async def run(stopping: asyncio.Event) -> None:
        try:
            await loop(stopping)
        except* DemoStopped:
            pass

    return run
