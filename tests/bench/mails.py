"""From the event to the mail: what passes between the shop's POST and the mail server's taking of the mail."""

import asyncio
import re
from datetime import datetime

import httpx
import msgspec
from bench.figures import Figure, say
from bench.ground import Ground
from bench.load import request
from bench.open_loop import arrivals, lines, percentile, send
from bench.processors import counting, shares
from bench.scorer import TENANT
from bench.stand import Stand, a_stand
from bench.trigger import an_event
from support.stack import running

from services.dispatcher.command import create_example_survey
from services.dispatcher.sending import sending_commands

RATE, SECONDS = 100.0, 20.0
AIM = 1_000.0
PATIENCE = 30.0
"""Seconds after the last event in which its mail must be there."""
NEVER = 1000 * PATIENCE
NUMBER = re.compile(r"m(\d+)\.(\d+)@example\.com")
PROGRAMS = (
    "trigger api", "dispatcher worker", "collector worker", "scorer worker", "alerts worker",
)  # fmt: skip
"""The door, the dispatcher, and all that hear of an invitation."""


async def mailed(ground: Ground) -> list[Figure]:
    """A survey that asks at once, and a customer of its own for each event."""
    seconds = max(4.0, SECONDS * min(ground.scale, 1))
    with running("mailbox", ground.state) as mailbox:
        async with a_stand(ground, *PROGRAMS, prepare=_go_live) as stand:
            with counting({"SMTP server": mailbox.pid, **stand.pids}) as used:
                found = [await _round(stand, seconds, number) for number in range(ground.rounds)]
    return [
        Figure("mail", "event accepted to mail handed over, p99", "ms", found, most=AIM,
               size=f"{RATE:g} events/s, {seconds:g} s a round",
               note=f"processor time, in portions: {shares(used, sum(used.values()) or 1)}"),
    ]  # fmt: skip


async def _go_live(stand: Stand) -> None:
    database = stand.databases["dispatcher"]
    await create_example_survey(database, TENANT, test_address=None)
    async with database.transaction() as uow:
        await sending_commands.set_mode(uow, TENANT, "bench", "live")


async def _round(stand: Stand, seconds: float, number: int) -> float:
    """The p99 in milliseconds; the mail server's own clock, which is ours, says when it took a mail."""
    at = arrivals(RATE, seconds, f"events {number}")
    posts = []
    for one in range(len(at)):
        customer = {"id": f"m-{number}-{one}", "email": f"m{number}.{one}@example.com", "locale": "da-DK"}
        event = an_event(one) | {"id": f"mail-{number}-{one}", "customer": customer}
        posts.append(
            request(
                stand.origins["trigger api"],
                "/v1/events",
                msgspec.json.encode(event),
                authorization=f"Bearer {stand.key}",
            )
        )
    async with lines(stand.origins["trigger api"], 32) as door:
        began, statuses = await send(door, posts, at)
    if wrong := [status for status in statuses if status != 202]:
        raise RuntimeError(f"{len(wrong)} events were not accepted, such as with {wrong[0]}")
    taken = await _mails(stand, number, len(at))
    times = [1000 * (taken[one] - began - due) if one in taken else NEVER for one, due in enumerate(at)]
    say(
        f"  {RATE:.0f}/s: {len(times)} mails, p50 {percentile(times, 0.5):,.0f} ms, "
        f"p99 {percentile(times, 0.99):,.0f} ms, longest {max(times):,.0f} ms"
    )
    return percentile(times, 0.99)


async def _mails(stand: Stand, number: int, wanted: int) -> dict[int, float]:
    """When each mail of this round came, by its event's number; those that never came are absent."""
    found: dict[int, float] = {}
    known, deadline = "", asyncio.get_running_loop().time() + PATIENCE
    async with httpx.AsyncClient(base_url=stand.ground.state.mailbox, trust_env=False, timeout=30) as client:
        while len(found) < wanted and asyncio.get_running_loop().time() < deadline:
            for mail in (await client.get("/api/mails", params={"after": known})).raise_for_status().json():
                known = mail["id"]
                to = NUMBER.search(mail["to"])
                if to and int(to[1]) == number:
                    found[int(to[2])] = datetime.fromisoformat(mail["at"]).timestamp()
            await asyncio.sleep(0.2)
    return found
