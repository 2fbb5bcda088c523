"""The scorer catching up on answers in a company, three dimensions and an organisation of three levels."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bench.consumer import measure
from bench.results import Result
from bench.servers import Record, Servers

from services.scorer.handlers import count_answers
from shared.db.database import Database
from shared.events import ANSWERS, TENANTS, Answer, Tenant
from shared.kafka.kernel import Subscription
from shared.tenancy import keep_tenants

ANSWER_COUNT = 200_000
ANSWER_DAYS = 30
TENANT = "havnbo"
SCORE_MIX = (2, 1, 1, 2, 2, 4, 5, 12, 20, 25, 26)
"""Answers of a hundred with each score from 0 to 10."""


async def catching_up(servers: Servers) -> list[Result]:
    """Every answer counts in seven segments on one of thirty days."""
    return await measure(
        servers,
        "scorer",
        Subscription(ANSWERS, count_answers),
        answers(servers.size(ANSWER_COUNT)),
        add_tenant,
        what="scorer, catching up on answers",
        unit="answers/s",
        min_ratio=0.6,
    )


def answers(count: int, *, seed: str = "answers") -> list[Record]:
    """Records of answers, the same ones in every run."""
    chance = random.Random(seed)
    now = datetime.now(UTC)
    return [_record(chance, now) for _ in range(count)]


def _record(chance: random.Random, now: datetime) -> Record:
    at = now - timedelta(days=chance.randrange(ANSWER_DAYS))
    answer = Answer(
        id=UUID(int=chance.getrandbits(128), version=4),
        version=1,
        state="sent",
        origin="survey",
        score=chance.choices(range(11), SCORE_MIX)[0],
        comment="It came a day late, but the table is lovely." if chance.random() < 0.3 else None,
        customer_id=f"c-{chance.randrange(100_000)}",
        touchpoint="checkout",
        segments={
            "touchpoint": chance.choice(("checkout", "delivery", "support", "return")),
            "store": f"store-{chance.randrange(40)}",
            "product": f"product-{chance.randrange(60)}",
        },
        organisation=("north", chance.choice(("sales", "care")), f"team-{chance.randrange(9)}"),
        language="en",
        day=at.date(),
        answered_at=at,
        changed_at=at,
    )
    event = ANSWERS.event(TENANT, answer, now)
    return ANSWERS.record_key(event), ANSWERS.encode(event)


async def add_tenant(database: Database) -> None:
    """Have the service know the tenant of these answers."""
    tenant = Tenant(id=TENANT, version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK")
    async with database.transaction() as uow:
        await keep_tenants(uow, [TENANTS.event(TENANT, tenant, uow.now)])
