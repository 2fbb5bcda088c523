"""From the event to the mail: the time from the shop's POST until the mail server has accepted the mail."""

import asyncio
import re
from datetime import datetime

import httpx
import msgspec
from bench.closed_loop import request
from bench.cpu_time import cpu_shares, measured_cpu
from bench.open_loop import arrivals, connection_pool, percentile, send_when_due
from bench.product import RunningProduct, running_product
from bench.results import Result, print_progress
from bench.scorer import TENANT
from bench.servers import Servers
from bench.trigger import an_event
from support.audit import an_actor
from support.contact_rules import write_at_any_time
from support.stack import running

from services.dispatcher.command import create_example_survey
from services.dispatcher.sending import sending_commands

EVENTS_PER_S, ROUND_S = 100.0, 20.0
MAX_P99_MS = 1_000.0
MAX_WAIT_S = 30.0
"""Seconds after the last event until its mail must have arrived."""
NEVER_MS = 1000 * MAX_WAIT_S
ADDRESS_PATTERN = re.compile(r"m(\d+)\.(\d+)@example\.com")
PROGRAMS = (
    "trigger api", "dispatcher worker", "collector worker", "scorer worker", "alerts worker",
)  # fmt: skip
"""The trigger, the dispatcher, and the consumers of invitations."""


async def mailed(servers: Servers) -> list[Result]:
    """A survey that asks at once, and a customer of its own for each event."""
    seconds = max(4.0, ROUND_S * min(servers.scale, 1))
    with running("mailbox", servers.state) as mailbox:
        async with running_product(servers, *PROGRAMS, prepare=_go_live) as product:
            with measured_cpu({"SMTP server": mailbox.pid, **product.pids}) as used:
                found = [await _round(product, seconds, number) for number in range(servers.rounds)]
    return [
        Result("mail", "event accepted to mail handed over, p99", "ms", found, max_value=MAX_P99_MS,
               size=f"{EVENTS_PER_S:g} events/s, {seconds:g} s a round",
               note=f"processor time, in portions: {cpu_shares(used, sum(used.values()) or 1)}"),
    ]  # fmt: skip


async def _go_live(product: RunningProduct) -> None:
    database = product.databases["dispatcher"]
    await create_example_survey(database, TENANT, test_address=None, first_day_per_hour=0)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, an_actor("bench"), "live")
        await write_at_any_time(uow, TENANT)


async def _round(product: RunningProduct, seconds: float, number: int) -> float:
    """The p99 in milliseconds, by the mail server's clock, which is this machine's too."""
    at = arrivals(EVENTS_PER_S, seconds, f"events {number}")
    posts = []
    for one in range(len(at)):
        customer = {"id": f"m-{number}-{one}", "email": f"m{number}.{one}@example.com", "locale": "da-DK"}
        event = an_event(one) | {"id": f"mail-{number}-{one}", "customer": customer}
        posts.append(
            request(
                product.origins["trigger api"],
                "/v1/events",
                msgspec.json.encode(event),
                authorization=f"Bearer {product.key}",
            )
        )
    async with connection_pool(product.origins["trigger api"], 32) as api:
        began, statuses = await send_when_due(api, posts, at)
    if wrong := [status for status in statuses if status != 202]:
        raise RuntimeError(f"{len(wrong)} events were not accepted, such as with {wrong[0]}")
    arrived = await _mails(product, number, len(at))
    times = [
        1000 * (arrived[one] - began - due) if one in arrived else NEVER_MS for one, due in enumerate(at)
    ]
    print_progress(
        f"  {EVENTS_PER_S:.0f}/s: {len(times)} mails, p50 {percentile(times, 0.5):,.0f} ms, "
        f"p99 {percentile(times, 0.99):,.0f} ms, longest {max(times):,.0f} ms"
    )
    return percentile(times, 0.99)


async def _mails(product: RunningProduct, number: int, wanted: int) -> dict[int, float]:
    """When each mail of this round arrived, by its event's number; without those that never arrived."""
    found: dict[int, float] = {}
    known, deadline = "", asyncio.get_running_loop().time() + MAX_WAIT_S
    async with httpx.AsyncClient(
        base_url=product.servers.state.mailbox, trust_env=False, timeout=30
    ) as client:
        while len(found) < wanted and asyncio.get_running_loop().time() < deadline:
            for mail in (await client.get("/api/mails", params={"after": known})).raise_for_status().json():
                known = mail["id"]
                to = ADDRESS_PATTERN.search(mail["to"])
                if to and int(to[1]) == number:
                    found[int(to[2])] = datetime.fromisoformat(mail["at"]).timestamp()
            # The times are the mailbox's: how often it is asked does not change them.
            await asyncio.sleep(0.2)
    return found
