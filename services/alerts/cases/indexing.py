"""The loop that writes the words by which answers of cases are found.

A new answer of a case has none; one that changes loses them with the commit of the change, and so does one
whose customer is erased or too old. What this loop writes is made of what is stored then.
"""

import msgspec

from services.alerts.cases.repository import words as repository
from services.alerts.cases.words import indexed
from shared.db.database import Database
from shared.events import Answer, Invitation
from shared.runtime import Loop, Periodic
from shared.service import Context

WORDS_LOOP = "words"
WORDS_INTERVAL_S = 1.0
ANSWERS_AT_ONCE = 500


def words_loop(context: Context) -> Loop:
    """The loop of this process."""

    async def step() -> float | None:
        return 0 if await write_missing_words(context.database) == ANSWERS_AT_ONCE else None

    return Periodic(WORDS_LOOP, step, WORDS_INTERVAL_S, context.health).run


async def write_missing_words(database: Database) -> int:
    """Write those of some answers that have none; returns of how many."""
    async with database.transaction() as uow:
        rows = await repository.lock_without_words(uow, ANSWERS_AT_ONCE)
        if rows:
            words = [_indexed(row.tenant, row.answer, row.invitation) for row in rows]
            await repository.write_words(uow, rows, words)
    return len(rows)


def _indexed(tenant: str, answer_body: bytes | None, invitation_body: bytes | None) -> str:
    """The customer's name and id, and what they wrote."""
    written: list[str | None] = []
    if invitation_body is not None:
        invitation = _invitations.decode(invitation_body)
        written += [] if invitation.erased else [invitation.customer.name]
    if answer_body is not None:
        answer = _answers.decode(answer_body)
        written += [answer.customer_id, answer.comment, answer.follow_up]
        written += [reply.text for reply in answer.replies]
    return indexed(tenant, *written)


_answers = msgspec.json.Decoder(Answer)
_invitations = msgspec.json.Decoder(Invitation)
