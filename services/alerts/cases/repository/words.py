"""``case_answer.words``: written after the answer and its invitation, which forget them when they change."""

from typing import Any

from shared.db.database import UnitOfWork

LOCK_WITHOUT_WORDS = """
    SELECT tenant, answer_id FROM case_answer
    WHERE words IS NULL
    LIMIT :limit
    FOR NO KEY UPDATE SKIP LOCKED
"""
# Read after the rows are locked: who changes a text later waits for this, and forgets the words again.
READ_TEXTS = """
    SELECT n.tenant, n.id, a.body AS answer, i.body AS invitation
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
    LEFT JOIN answer a ON a.tenant = n.tenant AND a.id = n.id
    LEFT JOIN invitation i ON i.tenant = n.tenant AND i.id = n.id
"""
WRITE_WORDS = """
    UPDATE case_answer ca SET words = CAST(n.words AS tsvector)
    FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]), CAST(:words AS text[]))
        AS n (tenant, id, words)
    WHERE ca.tenant = n.tenant AND ca.answer_id = n.id
"""


async def lock_without_words(uow: UnitOfWork, limit: int) -> list[Any]:
    """Answers of cases that have no words yet, each with its body and that of its invitation."""
    locked = (await uow.execute(LOCK_WITHOUT_WORDS, {"limit": limit})).all()
    if not locked:
        return []
    values = {"tenants": [row.tenant for row in locked], "ids": [row.answer_id for row in locked]}
    return list(await uow.execute(READ_TEXTS, values))


COUNT_WITHOUT_WORDS = """
    SELECT count(*) FROM (SELECT 1 FROM case_answer WHERE words IS NULL LIMIT :limit) counted
"""


async def count_without_words(uow: UnitOfWork, limit: int) -> int:
    """How many answers of cases have no words yet; at most ``limit`` are counted."""
    return int((await uow.execute(COUNT_WITHOUT_WORDS, {"limit": limit})).scalar_one())


async def write_words(uow: UnitOfWork, rows: list[Any], words: list[str]) -> None:
    """Write the words of each of these rows."""
    values = {"tenants": [row.tenant for row in rows], "ids": [row.id for row in rows], "words": words}
    await uow.execute(WRITE_WORDS, values)
