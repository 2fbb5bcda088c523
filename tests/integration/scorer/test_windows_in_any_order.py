"""B5: ten thousand versions of answers, shuffled, leave in every window what counting them one by one comes to."""

from datetime import timedelta
from random import Random

import pytest
from support.examples import examples
from support.scorer_builders import DAY, an_answer, count, kept_counts, naive_counts

from services.scorer.domain import groups_of, score_interval
from services.scorer.repository.counting import recount
from services.scorer.repository.counts import window_counts
from services.scorer.windows import Window
from shared.db.database import Database
from shared.events import Answer

EVENTS = 10_000
DAYS = 400
SEGMENTS = ("", "store:1", "store:2", "organisation:north", "organisation:north/care")


def a_history(draw: Random) -> list[Answer]:
    """Answers with their amendments and retractions; what is published twice is there twice."""
    history: list[Answer] = []
    while len(history) < EVENTS:
        name, day = str(len(history)), DAY - timedelta(days=draw.randrange(DAYS))
        place = draw.choice(["care", "sales"])
        for version in range(1, draw.choice([1, 1, 2, 4]) + 1):
            is_retracted = version > 1 and draw.random() < 0.2
            answer = an_answer(
                name,
                version=version,
                day=day,
                score=None if is_retracted else draw.randrange(11),
                state="clicked" if is_retracted else "sent",
                test=draw.random() < 0.05,
                segments={"store": draw.choice("123")},
                organisation=("north", place),
                measurement=draw.choice(["transactional", "transactional", "relational"]),
            )
            history += [answer] * draw.choice([1, 1, 1, 2])
    return history[:EVENTS]


@pytest.mark.parametrize("seed", range(examples(1)))
async def test_b5_every_window_is_a_recount_after_ten_thousand_shuffled_versions(
    database: Database, seed: int
) -> None:
    draw = Random(seed)
    history = a_history(draw)
    draw.shuffle(history)
    first = 0
    while first < EVENTS:
        size = draw.choice([1, 100, 500, 1_000])
        await count(database, *history[first : first + size])
        first += size
    naive = naive_counts(history)
    assert await kept_counts(database) == naive
    shown = 0
    async with database.reading() as uow:
        assert await recount(uow, "acme") == []
        for days in (1, 7, 30, 90, 365):
            for last in (DAY, DAY - timedelta(days=draw.randrange(DAYS))):
                window = Window.ending(last, days)
                for segment in SEGMENTS:
                    plain = [
                        counts
                        for (kind, name, day), counts in naive.items()
                        if (kind, name) == ("transactional", segment) and day in window
                    ]
                    found = await window_counts(uow, "acme", "transactional", segment, window)
                    assert list(found) == [sum(counts[score] for counts in plain) for score in range(11)]
                    shown += score_interval(groups_of(found)) is not None
    assert shown > 40
