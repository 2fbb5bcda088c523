"""When an answer opens a case, which case that is, and who gets a mail: the same in any order of versions."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from shared.events import Answer, may_see, segments_of
from shared.events.nps import group_of
from shared.ids import derived


def opening_version(versions: Sequence[Answer], policy: CasePolicy) -> Answer | None:
    """The earliest of an answer's versions that opens a case."""
    return next((answer for answer in versions if opens_case(answer, policy)), None)


def opens_case(answer: Answer, policy: CasePolicy) -> bool:
    """Whether a customer has just said that they are unhappy.

    An answer's age is taken from the time when it was accepted, not from when its event arrives: neither an
    outage of ours nor a topic that is read again loses a customer or opens a case too many.
    """
    if answer.score is None or group_of(answer.score) != "detractor":
        return False
    # Nobody is known who answers by an open link, so nobody could be called back.
    if answer.origin in {"import", "link"} or answer.test or answer.erased or answer.answered_at is None:
        return False
    # One that was held is as new as its judgement.
    return answer.judgement == "human" or answer.changed_at - answer.answered_at <= policy.opens_within


def case_id(tenant: str, answer_id: UUID) -> UUID:
    """The id of the case that an answer opens: whenever it is computed, it is the same."""
    return derived("case", tenant, str(answer_id))


def case_number(case: UUID, policy: CasePolicy, attempt: int = 0) -> int:
    """The number that people call a case by; the next attempt gives another where it is taken.

    It follows from the case's id and not from how many cases there are, so that nobody can count the others
    from the numbers they see. More digits come as the short numbers run out.
    """
    more = attempt // policy.attempts_per_length
    digits = min(policy.shortest_number_digits + more, policy.longest_number_digits)
    digest = hashlib.sha256(case.bytes + attempt.to_bytes(4)).digest()
    lowest = 10 ** (digits - 1)
    return int(lowest + int.from_bytes(digest[:8]) % (9 * lowest))


def new_case(tenant: str, opening: Answer, newest: Answer, now: datetime, policy: CasePolicy) -> CaseFile:
    """The case that an answer opens: by its version that opens one, and its newest version.

    Its deadlines count from that version: from when the customer chose a score as low as this, or from when
    the answer was judged a person's.
    """
    since, opening_score = opening.changed_at, opening.score or 0
    score = newest.score if newest.score is not None else opening_score
    contact_due = policy.contact_due(since, min(score, opening_score))
    identity = case_id(tenant, opening.id)
    return CaseFile(
        tenant=tenant,
        id=identity,
        number=case_number(identity, policy),
        answer_id=opening.id,
        event_id=opening.event_id,
        customer_id=opening.customer_id,
        score=score,
        touchpoint=opening.touchpoint,
        segments=opening.segments,
        organisation=list(opening.organisation),
        belongs=segments_of(opening),
        opened_at=now,
        contact_due_at=contact_due,
        close_due_at=since + policy.close_within,
        due_at=contact_due,
        changed_at=now,
        contact_key=opening.contact_key or "",
        person=opening.person,
        may_contact=newest.may_contact,
        anonymous=opening.anonymous,
    )


def writing_until(answer: Answer, policy: CasePolicy) -> datetime | None:
    """Until when the customer may still be writing; None once they have sent it."""
    return None if answer.state == "sent" else answer.changed_at + policy.quiet_after


def is_recent(answer: Answer, now: datetime, policy: CasePolicy) -> bool:
    """Whether it was said, or judged a person's, recently enough for a mail to the team."""
    return now - answer.changed_at <= policy.mailed_within


def mail_recipients(people: Sequence[Mapping[str, Any]], case: CaseFile, answer: Answer) -> list[UUID]:
    """Those of these people who get the mail about an answer.

    They may read it; when the case was opened by an earlier answer and its owner may, the owner alone.
    """
    belongs = segments_of(answer)
    readers = [one["id"] for one in people if may_see(one["segments"], belongs)]
    if answer.id != case.answer_id and case.owner_id in readers:
        return [person for person in readers if person == case.owner_id]
    return readers
