"""When an answer opens a case, which case that is, and who gets a mail: the same in any order of versions."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.case_clocks import started
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.rules.domain import CaseRules, RuleMatch, matching_rule
from shared.conditions.event_fields import EventFields
from shared.events import Answer, may_see, segments_of
from shared.ids import derived


class OpeningAnswer(NamedTuple):
    """A version of an answer that opens a case, and the rule by which it does."""

    answer: Answer
    match: RuleMatch


def opening_version(
    versions: Sequence[Answer], policy: CasePolicy, rules: CaseRules, event: EventFields | None
) -> OpeningAnswer | None:
    """The earliest of an answer's versions that opens a case; ``event``: None while it is not known."""
    for answer in versions:
        if may_open(answer, policy) and (match := matching_rule(rules, answer, event)) is not None:
            return OpeningAnswer(answer, match)
    return None


def may_open(answer: Answer, policy: CasePolicy) -> bool:
    """Whether a customer has just said it, so that a rule may open a case.

    An answer's age is taken from the time when it was accepted, not from when its event arrives: neither an
    outage of ours nor a topic that is read again loses a customer or opens a case too many.
    """
    if answer.score is None:
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


def new_case(
    tenant: str,
    opening: OpeningAnswer,
    newest: Answer,
    now: datetime,
    policy: CasePolicy,
    calendar: Calendar | None,
) -> CaseFile:
    """The case that an answer opens: by its version that opens one, and its newest version.

    Its deadlines count from that version: from when the customer said it, or from when the answer was judged
    a person's.
    """
    answer, rule = opening.answer, opening.match.rule
    since, clocks = answer.changed_at, rule.clocks
    contact = started(clocks.first_contact, clocks, since, calendar)
    closing = started(clocks.closing, clocks, since, calendar)
    identity = case_id(tenant, answer.id)
    return CaseFile(
        tenant=tenant,
        id=identity,
        number=case_number(identity, policy),
        answer_id=answer.id,
        event_id=answer.event_id,
        customer_id=answer.customer_id,
        score=newest.score if newest.score is not None else answer.score or 0,
        touchpoint=answer.touchpoint,
        segments=answer.segments,
        organisation=list(answer.organisation),
        belongs=segments_of(answer),
        opened_at=now,
        contact_due_at=contact.due,
        close_due_at=closing.due,
        due_at=contact.due,
        changed_at=now,
        contact_key=answer.contact_key or "",
        person=answer.person,
        may_contact=newest.may_contact,
        anonymous=answer.anonymous,
        priority=rule.priority,
        clocks=clocks,
        contact_steps=contact.steps,
        close_steps=closing.steps,
    )


def writing_until(answer: Answer, policy: CasePolicy) -> datetime | None:
    """Until when the customer may still be writing; None once they have sent it."""
    return None if answer.state == "sent" else answer.changed_at + policy.quiet_after


def is_recent(answer: Answer, now: datetime, policy: CasePolicy) -> bool:
    """Whether it was said, or judged a person's, recently enough for a mail to the team."""
    return now - answer.changed_at <= policy.mailed_within


def notice_recipients(people: Sequence[Mapping[str, Any]], case: CaseFile, answer: Answer) -> list[UUID]:
    """Those of these people who are told of an answer.

    They may read it. Of the answer that opened the case: whom the routing chose, if it chose anybody. Of a
    later one: the owner, if they may read it, else whom the routing chose, else all.
    """
    belongs = segments_of(answer)
    readers = [one["id"] for one in people if may_see(one["segments"], belongs)]
    chosen = [person for person in readers if person in case.routed_to]
    if answer.id == case.answer_id:
        return chosen if case.routed_to else readers
    if case.owner_id in readers:
        return [person for person in readers if person == case.owner_id]
    return chosen or readers
