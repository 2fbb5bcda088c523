"""What decides whether a promoter is asked; and ``introduction_judgement``: why an answer opened no task."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.alerts.introductions.eligibility import IntroductionPolicy, NoTaskReason, PromoterKey
from services.alerts.introductions.repository.introductions import Key, same_customer
from services.alerts.models import introduction_judgement
from shared.db.bulk import row_values, rows_sql
from shared.db.database import UnitOfWork
from shared.events import Answer, segments_of
from shared.events.nps import HIGHEST_DETRACTOR


class PromoterAnswer(NamedTuple):
    """An answer that may open a task, as it is stored, with its customer."""

    tenant: str
    answer: Answer
    key: PromoterKey

    @property
    def about(self) -> Key:
        """Tenant and id of the answer."""
        return self.tenant, self.answer.id


# Whoever changes one of them waits for this transaction, and then finds the task that it has opened.
SHARE_ANSWERS = """
    SELECT a.tenant, a.person, a.body FROM answer a
    WHERE (a.tenant, a.id) IN (SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])))
    ORDER BY a.tenant, a.id
    FOR SHARE SKIP LOCKED
"""
FIND_ANSWERS = SHARE_ANSWERS.replace("FOR SHARE SKIP LOCKED", "")


async def stored_answers(
    uow: UnitOfWork, keys: Collection[Key], *, share: bool = False
) -> list[PromoterAnswer]:
    """These answers as they are stored, with their customers.

    :param share: nobody changes them until the transaction ends; those that are being changed are left out.
    """
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]}
    return [_candidate(row) for row in await uow.execute(SHARE_ANSWERS if share else FIND_ANSWERS, values)]


_CANDIDATES = """
    unnest(
        CAST(:tenants AS text[]), CAST(:answers AS uuid[]), CAST(:persons AS text[]),
        CAST(:customers AS text[]), CAST(:contacts AS text[]), CAST(:accounts AS text[])
    ) AS n (tenant, answer, person, customer, contact, account)
"""
FIND_CASES_OF_CANDIDATES = f"""
    SELECT n.tenant, n.answer,
        bool_or(c.state <> 'closed') AS is_open,
        bool_or(
            c.state = 'closed' AND c.closed_at > :lately
            AND c.outcome IS DISTINCT FROM 'recovered' AND c.outcome IS DISTINCT FROM 'duplicate'
        ) AS not_recovered
    FROM {_CANDIDATES}
    JOIN cases c ON c.tenant = n.tenant AND {same_customer("c")}
    GROUP BY 1, 2
"""
FIND_UNHAPPY_OF_CANDIDATES = f"""
    SELECT n.tenant, n.answer, a.body
    FROM {_CANDIDATES}
    JOIN answer a ON a.tenant = n.tenant AND a.id <> n.answer AND a.score <= {HIGHEST_DETRACTOR}
        AND (a.person = nullif(n.person, '') OR a.customer_id = n.customer)
"""
FIND_TASKS_OF_CANDIDATES = f"""
    SELECT n.tenant, n.answer,
        max(coalesce(i.asked_at, CASE WHEN i.reason = 'asked_before' THEN i.ended_at END))
            FILTER (WHERE {same_customer("i")}) AS asked_at,
        bool_or(i.state = 'open') AS has_task,
        bool_or(i.answer_id = n.answer) AS opened_one
    FROM {_CANDIDATES}
    JOIN introduction i ON i.tenant = n.tenant
        AND (i.answer_id = n.answer OR {same_customer("i")} OR i.state = 'open' AND i.account_id = n.account)
    GROUP BY 1, 2
"""


class PromoterHistory(NamedTuple):
    """What is stored of a candidate's cases, answers and tasks."""

    case_open: bool = False
    case_not_recovered: bool = False
    unhappy_since: bool = False
    asked_at: datetime | None = None
    has_task: bool = False
    opened_one: bool = False
    """Whether this answer has opened a task before."""


async def histories(
    uow: UnitOfWork,
    policy: IntroductionPolicy,
    candidates: Sequence[PromoterAnswer],
    accounts: Sequence[str | None],
) -> dict[Key, PromoterHistory]:
    """What is stored of these candidates; ``accounts``: the account of each."""
    values = {
        "tenants": [one.tenant for one in candidates],
        "answers": [one.answer.id for one in candidates],
        "persons": [one.key.person for one in candidates],
        "customers": [one.key.customer_id for one in candidates],
        "contacts": [one.key.contact_key for one in candidates],
        "accounts": list(accounts),
    }
    found = {one.about: PromoterHistory() for one in candidates}
    lately = uow.now - policy.not_recovered_within
    for row in await uow.execute(FIND_CASES_OF_CANDIDATES, {**values, "lately": lately}):
        key = (row.tenant, row.answer)
        found[key] = found[key]._replace(case_open=row.is_open, case_not_recovered=row.not_recovered)
    by_key = {one.about: one for one in candidates}
    for row in await uow.execute(FIND_UNHAPPY_OF_CANDIDATES, values):
        key = (row.tenant, row.answer)
        if is_unhappy_after(by_key[key], _answers.decode(row.body)):
            found[key] = found[key]._replace(unhappy_since=True)
    for row in await uow.execute(FIND_TASKS_OF_CANDIDATES, values):
        key = (row.tenant, row.answer)
        found[key] = found[key]._replace(
            asked_at=row.asked_at, has_task=row.has_task, opened_one=row.opened_one
        )
    return found


def is_unhappy_after(one: PromoterAnswer, other: Answer) -> bool:
    """Whether another answer of the same customer is a detractor's, and newer."""
    if other.test or other.erased or other.judgement == "machine":
        return False
    same = one.key.may_be(other.person, other.customer_id, other.contact_key or "")
    return same and other.changed_at > one.answer.changed_at


FIND_JUDGED_VERSIONS = """
    SELECT j.tenant, j.answer_id, j.answer_version, j.reason
    FROM introduction_judgement j
    WHERE (j.tenant, j.answer_id) IN (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]))
    )
"""


async def judged_versions(uow: UnitOfWork, keys: Collection[Key]) -> dict[Key, tuple[int, str]]:
    """The version of each answer that opened no task, and why it did not."""
    values = {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]}
    rows = await uow.execute(FIND_JUDGED_VERSIONS, values)
    return {(row.tenant, row.answer_id): (row.answer_version, row.reason) for row in rows}


_JUDGED = ("tenant", "answer_id", "answer_version", "reason", "belongs", "judged_at")
KEEP_REASONS = f"""
    INSERT INTO introduction_judgement AS j ({", ".join(_JUDGED)})
    {rows_sql(introduction_judgement, _JUDGED)}
    ON CONFLICT (tenant, answer_id) DO UPDATE
    SET answer_version = EXCLUDED.answer_version, reason = EXCLUDED.reason, belongs = EXCLUDED.belongs,
        judged_at = EXCLUDED.judged_at
"""


async def keep_reasons(uow: UnitOfWork, found: Sequence[tuple[PromoterAnswer, NoTaskReason]]) -> None:
    """Keep why these answers opened no task."""
    if not found:
        return
    _, values = row_values(
        introduction_judgement,
        [one for one, _ in found],
        {
            "answer_id": [one.answer.id for one, _ in found],
            "answer_version": [one.answer.version for one, _ in found],
            "reason": [reason for _, reason in found],
            "belongs": [segments_of(one.answer) for one, _ in found],
            "judged_at": uow.now,
        },
    )
    await uow.execute(KEEP_REASONS, values)


FORGET_REASONS = """
    DELETE FROM introduction_judgement j
    WHERE (j.tenant, j.answer_id) IN (
        SELECT * FROM unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[]))
    )
"""


async def forget_reasons(uow: UnitOfWork, keys: Collection[Key]) -> None:
    """These answers have opened a task after all."""
    if keys:
        values = {"tenants": [tenant for tenant, _ in keys], "ids": [answer for _, answer in keys]}
        await uow.execute(FORGET_REASONS, values)


COUNT_REASONS = """
    SELECT j.reason, count(*) AS n
    FROM introduction_judgement j
    WHERE j.tenant = :tenant AND j.judged_at >= :since
        AND (CAST(:segments AS text[]) = '{}' OR j.belongs && CAST(:segments AS text[]))
    GROUP BY 1
    ORDER BY 2 DESC, 1
"""


async def count_reasons(
    uow: UnitOfWork, tenant: str, segments: Sequence[str], since: datetime
) -> dict[str, int]:
    """How many promoters' answers opened no task since then, by the reason; the most frequent first."""
    values = {"tenant": tenant, "segments": list(segments), "since": since}
    return {row.reason: row.n for row in await uow.execute(COUNT_REASONS, values)}


def candidate_of(tenant: str, answer: Answer, person: str | None = None) -> PromoterAnswer:
    """An answer as a candidate.

    :param person: as it is stored; None: as the answer has it.
    """
    key = PromoterKey(
        person=person or answer.person, customer_id=answer.customer_id, contact_key=answer.contact_key or ""
    )
    return PromoterAnswer(tenant, answer, key)


def _candidate(row: Any) -> PromoterAnswer:
    return candidate_of(row.tenant, _answers.decode(row.body), row.person)


_answers = msgspec.json.Decoder(Answer)
