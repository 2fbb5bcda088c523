"""What alerts remembers of what it has said, when its database was restored from an older backup.

A case is said without its notes and words: those since the backup are lost, and its page says so. Whom a mail
may have told of a case since then is not told again.
"""

from collections.abc import Sequence
from uuid import UUID

from services.alerts.domain import CLOSE_WITHIN, CONTACT_WITHIN, OUTCOMES, SYSTEM, CaseFile, Entry
from services.alerts.opening import case_id, news_of
from services.alerts.repository import cases, notices, people, restoring
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, CASES, Answer, Case, Event, segments_of
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.permissions import CASE_ROLES
from shared.service import Context

LOST = (
    "Notes, what was written at closing, people, passwords and sessions, as far as they came since the "
    "backup, are gone: nobody else holds them."
)


async def restore_closed(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Take back the cases that were closed, before those that are open: a customer has one open case."""
    await _restore(uow, [event for event in events if event.data.state == "closed"])


async def restore_open(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    """Take back the others."""
    await _restore(uow, events)


async def _restore(uow: UnitOfWork, events: Sequence[Event[Case]]) -> None:
    said = [_file(event) for event in newest(events, lambda case: case.id)]
    if said:
        await restoring.put_cases(uow, said)


async def restore_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """An answer whose case we have taken back belongs to it. Of each the team may have been told."""
    unhappy = [
        (one.tenant, one.answer, case_id(one.tenant, one.answer.id))
        for one in news_of(events)
        if one.opens is not None
    ]
    if not unhappy:
        return
    await restoring.attach_answers(uow, unhappy)
    listeners = await people.who_hears(uow, [tenant for tenant, _, _ in unhappy], CASE_ROLES)
    told = [
        (tenant, person["id"], case, answer.id)
        for tenant, answer, case in unhappy
        for person in listeners.get(tenant, [])
    ]
    if told:
        await notices.tell(uow, told, state="unknown")


async def settle(uow: UnitOfWork, most: int) -> int:
    """Mails that were due are unknown from now on; each case that was taken back says so on its page."""
    settled = await restoring.perhaps_told(uow)
    entries: list[Entry] = []
    found = await restoring.lock_taken_back(uow, most)
    for case in found:
        case.restored(entries, uow.now)
        uow.publish(CASES, case.tenant, case.published())
    if found:
        await cases.update_cases(uow, found)
        await cases.write_entries(uow, entries)
    return settled + len(found)


async def cases_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Case]], Cursor | None]:
    """Every case, as it stands."""
    found = await restoring.lock_cases_after(uow, after, most)
    things = [(case.tenant, case.published()) for case in found]
    return things, (found[-1].tenant, found[-1].id) if len(found) == most else None


def _file(event: Event[Case]) -> CaseFile:
    """A case as far as it is said; when it must be contacted or closed by is known of the next of both."""
    case = event.data
    closing = case.first_contact_at is not None or case.may_contact is False
    return CaseFile(
        tenant=event.tenant,
        id=case.id,
        number=case.number,
        version=case.version,
        decided_version=case.version,
        decided_by=SYSTEM.name,
        state=case.state,
        answer_id=case.answer_id,
        event_id=case.event_id,
        customer_id=case.customer_id,
        score=case.score,
        touchpoint=case.touchpoint,
        segments=case.segments,
        organisation=list(case.organisation),
        belongs=list(case.belongs) or segments_of(case),
        owner_id=_person(case.owner),
        cause=case.cause,
        outcome=next((one for one in OUTCOMES if one == case.outcome), None),
        opened_at=case.opened_at,
        contact_due_at=case.opened_at + CONTACT_WITHIN[True] if closing else case.due_at,
        close_due_at=case.due_at if closing else case.opened_at + CLOSE_WITHIN,
        due_at=case.due_at,
        first_contact_at=case.first_contact_at,
        closed_at=case.closed_at,
        changed_at=event.time,
        contact_key=case.contact_key or "",
        may_contact=case.may_contact,
    )


def _person(owner: str | None) -> UUID | None:
    """Who has the case, if it is a person of ours."""
    try:
        return UUID(owner) if owner else None
    except ValueError:
        return None


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What alerts reads again, and what it can publish again."""
    return Recovery(
        owned=(Owned(CASES, cases_page),),
        reads=(
            Subscription(CASES, restore_closed),
            Subscription(CASES, restore_open),
            Subscription(ANSWERS, restore_answers),
        ),
        settle=settle,
        lost=LOST,
    )
