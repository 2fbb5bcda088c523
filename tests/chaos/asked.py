"""Who is asked by a wave and by a programme, and the judge of both, without the product's code."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
from chaos import topics
from chaos.company import Company, create_key
from chaos.stack import Stack
from chaos.topics import Offsets
from chaos.watch import SERVER_AWAY_ERRORS

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import create_survey
from shared.db.database import Database
from shared.events.conditions import Condition
from shared.events.surveys import Programme

FIRST_TRY_SLASHES = 3
"""In ``afterword/wave/<survey>/<day>``."""
IN_WAVE, IN_PROGRAMME = "north", "south"
"""The regions of the customers of each."""
CUSTOMERS = {IN_WAVE: 400, IN_PROGRAMME: 300}
WAVE_SIZE = 300
EVERY_DAYS, SPREAD_HOURS = 7, 24
BEGUN = "SELECT 1 FROM programme WHERE tenant = $1"
BEGIN_NOW = "UPDATE programme SET began_at = now(), position = '' WHERE tenant = $1"
ALWAYS_LIVE = "UPDATE survey SET programme_since = NULL WHERE tenant = $1"
MOVE_WAVE = "UPDATE wave SET started_at = started_at - make_interval(hours => $2) WHERE tenant = $1"
MOVE_PROGRAMME = "UPDATE programme SET began_at = now() - make_interval(hours => $2) WHERE tenant = $1"
"""No run waits for a day."""
WAVE = "SELECT id, state, chosen, published FROM wave WHERE tenant = $1"
POSITION = "SELECT position FROM programme WHERE tenant = $1"
PROFILES = "SELECT customer_id, person, segments->>'region' AS region FROM customer_profile WHERE tenant = $1"
DECIDED = """
    SELECT source, customer_id, reason FROM decision WHERE tenant = $1 AND source LIKE 'afterword/wave/%'
"""


PASSING = frozenset(
    {
        "quarantine",
        "relational_distance",
        "cap",
        "case_open",
        "quiet_dropped",
        "first_day",
        "mail_pace",
        "too_old",
    }
)
"""Reasons for which a turn is tried again."""


def is_later_try(source: str) -> bool:
    """Whether an event of a programme is not that of the turn itself: its source has a number behind the day."""
    return source.count("/") > FIRST_TRY_SLASHES


def customer(tenant: str, number: int) -> dict[str, object]:
    """A known customer, none of those who buy."""
    region = IN_WAVE if number < CUSTOMERS[IN_WAVE] else IN_PROGRAMME
    address = f"w{number}.{tenant}@example.com"
    return {"id": f"w-{number}", "email": address, "segments": {"region": region}}


async def prepare(stack: Stack, company: Company) -> None:
    """Let the company know the customers, begin the programme, and post the wave twice at once."""
    tenant = company.tenant
    wave_survey, programme_survey = uuid4(), uuid4()
    survey = SurveyDraft(
        name="Wave", trigger="never", measurement="relational", delay_minutes=0, quarantine_days=0, state="live",
        first_day_per_hour=0,
    )  # fmt: skip
    database = Database(stack.state.database_url("dispatcher"), name="chaos", pool_size=1)
    try:
        async with database.transaction() as uow:
            await create_survey(uow, tenant, wave_survey, survey)
            standing = SurveyDraft(
                name="Programme", trigger="never", measurement="relational", delay_minutes=0,
                quarantine_days=0, state="live", max_age_days=30, programme=Programme(every_days=EVERY_DAYS),
                first_day_per_hour=0,
                conditions=Condition(field="segments.region", op="=", value=IN_PROGRAMME),
            )  # fmt: skip
            await create_survey(uow, tenant, programme_survey, standing)
    finally:
        await database.close()
    key = await create_key(stack, tenant, "surveys:write")
    origin = stack.origin_of("dispatcher")
    known = [customer(tenant, number) for number in range(sum(CUSTOMERS.values()))]
    async with httpx.AsyncClient(headers=key, trust_env=False, timeout=30, base_url=origin) as client:
        await _tell_customers(client, {"customers": known})
        await _begin_programme(stack, tenant)
        body = {
            "survey_id": str(wave_survey), "size": WAVE_SIZE, "segments": {"region": IN_WAVE},
            "spread_hours": SPREAD_HOURS,
        }  # fmt: skip
        twice = [
            client.post("/v1/waves", json=body, headers={"Idempotency-Key": "the wave"}) for _ in range(2)
        ]
        for answer in await asyncio.gather(*twice):
            answer.raise_for_status()


async def _tell_customers(client: httpx.AsyncClient, body: object) -> None:
    """A new key is known to the API a moment after it was made."""
    async with asyncio.timeout(30):
        while True:
            answer = await client.post("/v1/customers", json=body)
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                answer.raise_for_status()
                return
            await asyncio.sleep(0.2)


async def _begin_programme(stack: Stack, tenant: str) -> None:
    """Its period begins now, whatever the calendar says; the loop looks once a minute, and when it starts."""
    dispatchers = [one for one in stack.workers if one.name.startswith("dispatcher")]
    for worker in dispatchers:
        worker.kill()
    await stack.until_ready(*dispatchers)
    async with stack.connection("dispatcher") as database, asyncio.timeout(90):
        while await database.fetchval(BEGUN, tenant) is None:  # noqa: ASYNC110  (another process writes it)
            await asyncio.sleep(0.2)
        await database.execute(ALWAYS_LIVE, tenant)
        await database.execute(BEGIN_NOW, tenant)


async def move(stack: Stack, tenant: str, share: float) -> None:
    """So much of the wave's hours and of the programme's period is over, and nothing of the next period."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(*SERVER_AWAY_ERRORS):
                async with stack.connection("dispatcher") as database:
                    await database.execute(MOVE_WAVE, tenant, round(SPREAD_HOURS * share))
                    hours = min(round(EVERY_DAYS * 24 * share), EVERY_DAYS * 24 - 1)
                    await database.execute(MOVE_PROGRAMME, tenant, hours)
                return
            await asyncio.sleep(0.2)


async def until_published(stack: Stack, tenant: str) -> None:
    """Wait for the end of the wave; the programme has come as far as it was moved by then."""
    async with asyncio.timeout(120), stack.connection("dispatcher") as database:
        while {row["state"] for row in await database.fetch(WAVE, tenant)} != {"done"}:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def judge(stack: Stack, tenant: str, since: Offsets) -> list[str]:
    """What is wrong with the wave and the programme."""
    async with stack.connection("dispatcher") as database:
        waves = await database.fetch(WAVE, tenant)
        position = await database.fetchval(POSITION, tenant)
        profiles = await database.fetch(PROFILES, tenant)
        decided = await database.fetch(DECIDED, tenant)
    if len(waves) != 1:
        return [f"doubled: {len(waves)} waves of one Idempotency-Key"]
    (wave,) = waves
    asked = Asked(
        wave["id"],
        {row["customer_id"]: row["region"] for row in profiles},
        {row["customer_id"] for row in profiles if row["person"] < position},
        [(row["source"], row["customer_id"], row["reason"]) for row in decided],
        await _published(stack, tenant, since),
    )
    faults = asked.faults()
    if (wave["chosen"], wave["published"]) != (WAVE_SIZE, WAVE_SIZE):
        faults.append(f"wrong: the wave says {dict(wave)}")
    return faults


@dataclass
class Asked:
    """All events of the wave and of the programme's one period."""

    wave: UUID
    regions: Mapping[str, str]
    """Of each customer; who buys has none."""
    passed: Collection[str]
    """The customers whose turn has come, also those who bought only after it."""
    decided: Sequence[tuple[str, str, str]]
    """Source, customer and reason."""
    published: set[tuple[str, str]]
    """Source and customer of what is on the topic."""

    def faults(self) -> list[str]:
        """Each customer of the wave, and each whose turn came, has one event and one decision; a turn that was
        refused for a passing reason is tried again, each time once.
        """
        faults = []
        if self.published != {(source, id_) for source, id_, _ in self.decided}:
            faults.append(f"lost: {len(self.published)} events and {len(self.decided)} decisions about them")
        of_wave = Counter(id_ for source, id_, _ in self.decided if self._is_of_wave(source))
        tries = [(source, id_, why) for source, id_, why in self.decided if not self._is_of_wave(source)]
        of_programme = Counter(id_ for source, id_, _ in tries if not is_later_try(source))
        repeated = Counter((source, id_) for source, id_, _ in tries if is_later_try(source))
        for_good = Counter(id_ for _, id_, why in tries if why not in PASSING)
        of_programme |= Counter({id_: n for (_, id_), n in repeated.items() if n > 1}) | for_good
        for name, counts in (("the wave", of_wave), ("the programme", of_programme)):
            if twice := [id_ for id_, n in counts.items() if n > 1]:
                faults.append(f"doubled: {len(twice)} customers of {name}, such as {twice[0]}")
        eligible = {id_ for id_, region in self.regions.items() if region == IN_WAVE}
        if len(of_wave) != WAVE_SIZE or not of_wave.keys() <= eligible:
            faults.append(f"wrong: {len(of_wave)} customers in the wave")
        reached = {id_ for id_ in self.passed if id_.startswith("w-")}
        if missed := reached - of_programme.keys():
            faults.append(f"lost: {len(missed)} customers whose turn has come, such as {min(missed)}")
        if len(reached) < sum(CUSTOMERS.values()) * 0.9:
            faults.append(f"wrong: the programme came to {len(reached)} customers")
        wrong = [
            f"{id_} {reason}"
            for source, id_, reason in self.decided
            if reason != self._due(source, id_) and not (reason in PASSING and not self._is_of_wave(source))
        ]
        if wrong:
            faults.append(f"wrong: {len(wrong)} decisions, such as {wrong[0]}")
        return faults

    def _is_of_wave(self, source: str) -> bool:
        return source == f"afterword/wave/{self.wave}"

    def _due(self, source: str, id_: str) -> str:
        """The wave asks all of its customers, the programme those who meet its survey's condition."""
        asks = self._is_of_wave(source) or self.regions[id_] == IN_PROGRAMME
        return "invited" if asks else "conditions"


async def _published(stack: Stack, tenant: str, since: Offsets) -> set[tuple[str, str]]:
    """The events of waves on the topic, each by its source and customer; a record may be there twice."""
    found = set()
    for record in await topics.records(stack.kafka, ["transactions.v1"], since):
        event = json.loads(record.value) if record.value else {}
        if event.get("tenant") == tenant and event["data"]["source"].startswith("afterword/wave/"):
            found.add((event["data"]["source"], event["data"]["customer"]["id"]))
    return found
