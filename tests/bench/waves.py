"""A wave through a million known customers: how long it takes, how much memory, and how evenly it is spread."""

import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bench.dispatcher import go_live
from bench.results import Result, print_progress
from bench.scorer import TENANT
from bench.servers import Servers
from support.audit import an_actor

from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.survey_commands import create_survey
from services.dispatcher.waves import repository
from services.dispatcher.waves.publishing import advance_waves
from services.dispatcher.waves.wave_commands import WaveRequest, start_wave
from shared.db.database import Database
from shared.ids import uuid7

CUSTOMER_COUNT, CHOSEN_SHARE = 1_000_000, 10
SPREAD_HOURS = 10
MAX_GROWTH_MB = 32
MAX_UNEVENNESS_PERCENT = 2
KB_PER_MB = 1024


async def published(servers: Servers) -> list[Result]:
    """One of ten known customers is chosen; the clock moves on by an hour when nothing more is due."""
    count = servers.size(CUSTOMER_COUNT)
    size = count // CHOSEN_SHARE
    async with servers.database("dispatcher") as database:
        await go_live(database)
        await _know(database, count)
        await _start(database, size)
        before, began, start = resident_mb(), time.monotonic(), database.clock()
        most, unevenness, done = before, 0.0, 0
        for hour in range(SPREAD_HOURS + 1):
            database.clock = partial(_later, start, hour)
            while await advance_waves(database, servers.state.secret):
                most = max(most, resident_mb())
            done = await _published(database)
            unevenness = max(unevenness, abs(100 * done / size - 100 * hour / SPREAD_HOURS))
            print_progress(f"  after {hour} h: {done:,}, {most - before:.1f} MB more")
        seconds = time.monotonic() - began
        if done != size:
            raise RuntimeError(f"{done} of {size} were published")
    customers = f"{count:,} customers, {size:,} chosen"
    return [
        Result("waves_s", "a wave chosen and published", "s", [seconds], size=customers),
        Result("waves_memory", "the same, memory that it takes more", "MB", [most - before],
               max_value=MAX_GROWTH_MB, size=customers),
        Result("waves_spread", "the same, furthest from an even spread", "% of it", [unevenness],
               max_value=MAX_UNEVENNESS_PERCENT, size=customers),
    ]  # fmt: skip


async def _know(database: Database, count: int) -> None:
    """Customers with pseudonyms that are spread as keyed hashes are."""
    async with database.transaction() as uow:
        await uow.execute(
            "INSERT INTO customer_profile (tenant, person, customer_id, contact, email, locale, country, "
            "segments, joined_at, known_at) "
            "SELECT :tenant, encode(sha256(CAST('person ' || n AS bytea)), 'hex'), 'c-' || n, "
            "encode(sha256(CAST('address ' || n AS bytea)), 'hex'), 'c-' || n || '@example.com', 'da', 'DK', "
            "jsonb_build_object('store', 'store-' || n % 40), :now, :now "
            "FROM generate_series(1, CAST(:count AS integer)) AS n",
            {"tenant": TENANT, "now": uow.now, "count": count},
        )
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE customer_profile")


async def _start(database: Database, size: int) -> None:
    draft = SurveyDraft(name="Relation", trigger="never", measurement="relational", state="live")
    async with database.transaction() as uow:
        survey = await create_survey(uow, TENANT, uuid7(), draft, who=an_actor("the measure"))
        wanted = WaveRequest(survey.id, size, None, {}, None, SPREAD_HOURS)
        await start_wave(uow, TENANT, uuid7(), wanted, "the measure", who=an_actor("the measure"))


async def _published(database: Database) -> int:
    async with database.reading() as uow:
        (wave,) = await repository.list_newest(uow, TENANT, 1)
    return wave.published


def _later(start: datetime, hours: int) -> datetime:
    return start + timedelta(hours=hours)


def resident_mb() -> float:
    """The resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) / KB_PER_MB
