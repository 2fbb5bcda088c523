"""Answers and invitations as the scorer may hear of them: in any order, some twice, amended, erased."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from hypothesis import strategies as st
from msgspec.structs import replace
from support.asked_model import NOTED_AND_COUNTED, differing_counts
from support.erasing import erase_waiting, note_erased
from support.invitations import invite
from support.scorer_builders import count

from services.scorer.app import SERVICE
from shared.db.database import Database
from shared.events import Answer, Customer, Invitation
from shared.privacy.subjects import erase_event

T = TypeVar("T")
ORDERS = st.integers(0, 2**32 - 1).map(Random)
"""By seed: what is drawn of it does not tell how large an example is."""
CUSTOMERS = 7
ERASED = "c-0"
"""The customer whom the scorer erases while it hears of the rest."""
MAX_BATCH = 80


async def forget_all(database: Database, *more: str) -> None:
    """Empty all that is counted, whom it was erased of, and further tables."""
    async with database.transaction() as uow:
        await uow.execute(f"TRUNCATE {', '.join((NOTED_AND_COUNTED, 'erased', *more))}")


async def tell_in_any_order(
    database: Database,
    shuffled: Random,
    answers: Sequence[Answer],
    invitations: Sequence[Invitation] = (),
) -> list[Answer]:
    """Tell the scorer of these answers and invitations as they are at last.

    Some answers had another score before, or had only been clicked; some come twice; some are erased on the topic,
    and one customer in the scorer, when half of all has come.

    :param answers: of version 1.
    :returns: the newest version of each, in the same order, with what is left of it.
    """
    histories = [_history(shuffled, answer) for answer in answers]
    told: list[Answer | Invitation] = [version for history in histories for version in history]
    for invitation in invitations:
        own = replace(invitation, customer=Customer(id=_customer(shuffled)))
        told += [own] * _copies(shuffled)
    told += [version for history in histories for version in history[-1:] * (_copies(shuffled) - 1)]
    shuffled.shuffle(told)
    half = len(told) // 2
    await _tell(database, shuffled, told[:half])
    await note_erased(database, "acme", ERASED)
    assert await erase_waiting(SERVICE, database) == []
    await _tell(database, shuffled, told[half:])
    assert await erase_waiting(SERVICE, database) == []
    async with database.reading() as uow:
        assert await differing_counts(uow, "acme") == []
    return [_left(history) for history in histories]


def _history(shuffled: Random, answer: Answer) -> list[Answer]:
    """The versions of an answer, the newest last."""
    newest = replace(answer, version=3, customer_id=_customer(shuffled))
    versions = []
    if newest.score is not None and _one_in(shuffled, 4):
        versions.append(replace(newest, version=1, state="clicked", score=None, day=None, comment=None))
    if newest.score is not None and _one_in(shuffled, 2):
        versions.append(replace(newest, version=2, score=10 - newest.score))
    versions.append(newest)
    if _one_in(shuffled, 5):
        versions.append(replace(erase_event(newest), version=4))
    return versions


def _left(history: list[Answer]) -> Answer:
    is_erased = any(version.customer_id == ERASED for version in history)
    return replace(history[-1], comment=None) if is_erased else history[-1]


async def _tell(database: Database, shuffled: Random, told: Sequence[Answer | Invitation]) -> None:
    while told:
        size = shuffled.randint(1, MAX_BATCH)
        batch, told = told[:size], told[size:]
        if invitations := _each_once(batch, Invitation):
            await invite(database, *invitations)
        if answers := _each_once(batch, Answer):
            await count(database, *answers)


def _each_once(batch: Sequence[object], kind: type[T]) -> list[T]:
    """Those of a kind, in the order in which they are first."""
    found: list[T] = []
    for each in batch:
        if isinstance(each, kind) and each not in found:
            found.append(each)
    return found


def _customer(shuffled: Random) -> str:
    return f"c-{shuffled.randrange(CUSTOMERS)}"


def _copies(shuffled: Random) -> int:
    return 2 if _one_in(shuffled, 4) else 1


def _one_in(shuffled: Random, n: int) -> bool:
    return shuffled.randrange(n) == 0
