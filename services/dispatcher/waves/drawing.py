"""Who is in a wave, and how many it takes: pure, so that it is the same after every restart."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from services.dispatcher.customers.domain import CustomerProfile, own_segments
from services.dispatcher.statistics import PastAnswers
from shared.events import Customer, Transaction
from shared.events.transactions import WAVE_SOURCE, WAVE_TYPE
from shared.privacy.subjects import NO_DIGEST
from shared.secrets import derive, keyed_digest
from shared.values.score_estimates import answers_for

MAX_EVENT_ID_LENGTH = 200
"""Of an event's id, as on the topic."""
MAX_SIZE = 10_000_000
MIN_MARGIN, MAX_MARGIN = 1, 50
"""Points of the score, to each side."""
MAX_SPREAD_HOURS = 24 * 90
START_TOLERANCE = timedelta(minutes=10)
"""So long ago a wave may be said to begin: clocks differ, and who makes it on the page looks at it first."""
FIGURES_DAYS = 365
"""Of so many days are the response rate and the shares of a survey."""
DEFAULT_SPREAD_HOURS = 24
NEGLIGIBLE_SHARE = 0.05
"""Of the population: where fewer are asked it is taken for infinite, as is usual."""
PLACES = 1 << 64
"""Each customer has a place among so many."""
BUCKET_BITS = 16
BUCKETS = 1 << BUCKET_BITS
_PERSON_DIGITS = 16
"""Hexadecimal digits of a pseudonym that tell how far a wave has come."""

WaveState = Literal["waiting", "publishing", "done", "stopped"]


class Wave(Struct, frozen=True, kw_only=True):
    """A wave as it is stored."""

    tenant: str
    id: UUID
    survey_id: UUID
    state: WaveState
    size: int
    """How many customers are wanted; by a margin, until it begins, as many as it takes of those known when it
    was made."""
    margin: int | None
    """The margin that the size is computed for; None: the size itself was given."""
    segments: dict[str, str]
    """Customers of all of these alone; empty: of all."""
    start_at: datetime
    spread_hours: int
    """Over how many hours its customers are asked, evenly."""
    created_at: datetime
    who: str
    chosen: int | None
    """How many were chosen; None: not yet."""
    limit: int | None
    """The highest place of those who are chosen."""
    started_at: datetime | None
    position: str
    """The pseudonym up to which it is published."""
    published: int
    ended_at: datetime | None


class WavePlan(NamedTuple):
    """What a wave would do."""

    eligible: int
    """Known customers whom a channel of its survey reaches and who are not suppressed, in its segments."""
    size: int
    """How many of them would be chosen."""
    answers: int | None = None
    """How many answers the margin needs; None: a size was given."""
    response_percent: int | None = None
    """The response rate that this was computed with."""


def answers_needed(margin: int, variance: float, population: int) -> int:
    """How many answers a margin needs: s²z²/d² - 3, less where nearly everybody would be asked."""
    if population == 0:
        return 0
    needed = max(1.0, answers_for(margin, variance))
    if needed <= NEGLIGIBLE_SHARE * population:
        return math.ceil(needed)
    return min(population, max(1, math.floor(needed / (1 + needed / population) + 0.5)))


def plan_wave(size: int | None, margin: int | None, eligible: int, figures: PastAnswers) -> WavePlan:
    """How many customers are chosen: so many as are wanted, or as will answer often enough for a margin."""
    if margin is None:
        return WavePlan(eligible, min(size or 0, eligible))
    answers, percent = answers_needed(margin, figures.variance, eligible), figures.response_percent
    return WavePlan(eligible, min(eligible, -(-answers * 100 // percent)), answers, percent)


def wave_key(secret: str) -> bytes:
    """The key of all waves: without it nobody can tell beforehand who is chosen."""
    return derive(secret, "waves")


def place_of(key: bytes, wave_id: UUID, tenant: str, person: str) -> int:
    """The customer's place in this wave: always the same, and independent of that in another wave."""
    return int.from_bytes(keyed_digest(key, f"{wave_id}/{tenant}/{person}".encode())[:8])


def bucket_of(place: int) -> int:
    """The bucket that a place falls into."""
    return place >> (64 - BUCKET_BITS)


class Limit(NamedTuple):
    """Where the wave ends: the bucket with the last of its customers, and how many of that it takes."""

    bucket: int
    rest: int


def limit_bucket(counts: Sequence[int], size: int) -> Limit:
    """In which bucket the customer of the ``size``-th place is; ``size`` is at least 1 and at most all."""
    before = 0
    for bucket, count in enumerate(counts):
        if before + count >= size:
            return Limit(bucket, size - before)
        before += count
    return Limit(BUCKETS - 1, counts[BUCKETS - 1])


def limit_place(places: Iterable[int], rest: int) -> int:
    """The highest place of those who are chosen, of the places in the last bucket."""
    ordered = sorted(places)
    return ordered[min(rest, len(ordered)) - 1]


def reached(wave: Wave, now: datetime) -> str | None:
    """Up to which pseudonym the wave is to be published by now; None: all of it.

    Pseudonyms are spread evenly, so their share is the share of the time.
    """
    spread = timedelta(hours=wave.spread_hours)
    elapsed = now - (wave.started_at or now)
    if elapsed >= spread:
        return None
    share = max(0, int(elapsed / spread * (1 << 4 * _PERSON_DIGITS)))
    return f"{min(share, PLACES - 1):0{_PERSON_DIGITS}x}"


def event_of(wave: Wave, profile: CustomerProfile, now: datetime) -> Transaction:
    """The event by which a customer of the wave is asked; its identity is the wave's and the customer's."""
    return event_for(str(wave.id), wave.survey_id, profile, occurred_at=now, now=now)


def event_for(
    group: str, survey_id: UUID, profile: CustomerProfile, *, occurred_at: datetime, now: datetime
) -> Transaction:
    """The event by which a survey asks a customer of a group, each once; the group's name is its identity."""
    name = f"{group}/{profile.customer_id}"
    return Transaction(
        id=name if len(name) <= MAX_EVENT_ID_LENGTH else f"{group}/{profile.person}",
        source=f"{WAVE_SOURCE}{group}",
        type=f"{WAVE_TYPE}{survey_id}",
        occurred_at=occurred_at,
        accepted_at=now,
        customer=Customer(
            id=profile.customer_id,
            email=profile.email,
            phone=profile.phone,
            locale=profile.locale,
            country=profile.country,
            time_zone=profile.time_zone,
        ),
        person=profile.person,
        digest=NO_DIGEST,
        segments=own_segments(profile.segments),
        survey_id=survey_id,
    )
