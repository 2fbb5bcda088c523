"""Queues notices by each person's choice: at once, at the end of their quiet hours, or for their digest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import structs

from services.alerts.notices.choices import MailTime, digest_after, due_at
from services.alerts.notices.recipients import NoticeRecipient, recipient_of_row
from services.alerts.notices.repository import choices, notifications, push_subscriptions
from services.alerts.notices.repository.notifications import DigestMove, NotificationRow, RowState
from services.alerts.notices.topics import DIGEST_KIND, TOPIC_BY_KIND, VIEW_MAIL_KIND
from shared.db.database import UnitOfWork
from shared.db.notifications import DELIVERIES_CHANNEL
from shared.events import Event, Tenant
from shared.ids import derived, uuid7
from shared.outbound import NewDelivery, deliveries
from shared.outbound.channel_names import DeliveryChannel
from shared.tenancy.tenants import find_tenants

TEST_KIND = "push_test"
KINDS_BEFORE = frozenset(
    {"case", "contact_warning", "contact_escalation", "closing_warning", "closing_escalation", "webhook"}
)
"""What a version before this one can send, too."""

State = Literal["waiting", "unknown"]
Key = tuple[str, UUID]


@dataclass(frozen=True, kw_only=True)
class WantedNotice:
    """Something to tell one person, if they want to know."""

    tenant: str
    person: UUID
    kind: str
    """One of ``TOPIC_BY_KIND``."""
    parts: tuple[str, ...]
    """What makes it the same notice when it is queued again, within the company; the person is added."""
    case_id: UUID | None = None
    answer_id: UUID | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    """What the check and the words of its kind need: ids and facts, nothing of a customer."""
    without: frozenset[DeliveryChannel] = frozenset()
    """Channels that have told the person something in its place."""
    instead: tuple[str, ...] = ()
    """The ``parts`` of a notice before it in the same call: what tells that at once does not tell this."""
    since: datetime | None = None
    """When it was wanted first, of one that is queued again after a restore."""


@dataclass
class _Queued:
    """What is written, in one statement for each table."""

    rows: list[NotificationRow] = field(default_factory=list)
    due: dict[Key, datetime] = field(default_factory=dict)

    def add(self, row: NotificationRow, due: datetime) -> None:
        """Add one; the same again changes nothing."""
        if (row.tenant, row.id) not in self.due:
            self.rows.append(row)
            self.due[row.tenant, row.id] = due


async def queue_notices(
    uow: UnitOfWork, wanted: Sequence[WantedNotice], *, state: State = "waiting"
) -> list[WantedNotice]:
    """Queue each notice once, however often it is wanted; those that their person is told by some channel.

    A handler calls it once: digests, which several handlers share, are locked in order within one call.

    :param state: ``unknown``: they may have been told already, and never will be, but for those of a digest
        that is still to come.
    """
    if not wanted:
        return []
    persons = sorted({(one.tenant, one.person) for one in wanted})
    recipients = await _recipients(uow, persons)
    browsers = await push_subscriptions.of_persons(uow, persons)
    told: list[WantedNotice] = []
    told_by: dict[tuple[Key, tuple[str, ...]], set[DeliveryChannel]] = {}
    at_once, in_digests = _Queued(), list[tuple[WantedNotice, NoticeRecipient]]()
    for one in wanted:
        recipient = recipients.get((one.tenant, one.person))
        if recipient is None:
            continue
        key = (one.tenant, one.person)
        without = one.without | told_by.get((key, one.instead), set())
        mail, pushes = _mail_time(recipient, one.kind, without), list[UUID]()
        if recipient.choices.of(TOPIC_BY_KIND[one.kind]).push == "at_once" and "push" not in without:
            pushes = browsers.get(key, [])
        channels: tuple[DeliveryChannel, ...] = (
            *(("mail",) if mail == "at_once" else ()),
            *(("push",) if pushes else ()),
        )
        told_by.setdefault((key, one.parts), set()).update(channels)
        due = due_at(recipient.choices, one.kind, uow.now, recipient.zone)
        if mail == "digest" and (state == "waiting" or _is_in_next_digest(one, recipient, uow.now)):
            in_digests.append((one, recipient))
        elif mail != "never":
            at_once.add(_row(one), due)
        for browser in pushes:
            at_once.add(_push_row(one, browser), due)
        if pushes or mail != "never":
            told.append(one)
    await _add(uow, at_once, state)
    await _add_to_digests(uow, in_digests)
    return told


def _mail_time(recipient: NoticeRecipient, kind: str, without: Collection[DeliveryChannel]) -> MailTime:
    if not recipient.wants_mail or "mail" in without:
        return "never"
    return recipient.choices.of(TOPIC_BY_KIND[kind]).mail


def _is_in_next_digest(wanted: WantedNotice, recipient: NoticeRecipient, now: datetime) -> bool:
    """Whether the digest to which it was added first is still to come."""
    return wanted.since is not None and digest_after(recipient.choices, wanted.since, recipient.zone) > now


async def _recipients(uow: UnitOfWork, persons: Sequence[Key]) -> dict[Key, NoticeRecipient]:
    rows = await choices.recipients(uow, persons)
    companies = await find_tenants(uow, sorted({row.tenant for row in rows}))
    return {(row.tenant, row.id): recipient_of_row(row, companies.get(row.tenant)) for row in rows}


def _row(wanted: WantedNotice) -> NotificationRow:
    return NotificationRow(
        tenant=wanted.tenant,
        id=derived("notification", wanted.tenant, *wanted.parts, str(wanted.person)),
        kind=wanted.kind,
        staff_id=wanted.person,
        case_id=wanted.case_id,
        answer_id=wanted.answer_id,
        about=msgspec.json.encode(dict(wanted.about)).decode() if wanted.about else None,
        state=_row_state(wanted.kind),
    )


def _row_state(kind: str) -> RowState:
    return "waiting" if kind in KINDS_BEFORE else "queued"


def _push_row(wanted: WantedNotice, browser: UUID) -> NotificationRow:
    parts = ("push", wanted.tenant, *wanted.parts, str(wanted.person), str(browser))
    return structs.replace(
        _row(wanted),
        id=derived("notification", *parts),
        channel="push",
        subscription_id=browser,
        state="queued",
    )


async def _add(uow: UnitOfWork, queued: _Queued, state: State) -> set[Key]:
    """Add those that are not there yet; which were added."""
    due = [queued.due[row.tenant, row.id] for row in queued.rows]
    added = await notifications.add(uow, queued.rows, due)
    await deliveries.add(
        uow,
        [
            NewDelivery(
                tenant=row.tenant,
                about_id=row.id,
                kind="notice",
                channel=row.channel,
                due_at=queued.due[row.tenant, row.id],
                state=state,
            )
            for row in queued.rows
            if (row.tenant, row.id) in added
        ],
    )
    if any(queued.due[key] <= uow.now for key in added):
        uow.notify(DELIVERIES_CHANNEL)
    return added


async def _add_to_digests(uow: UnitOfWork, waiting: Sequence[tuple[WantedNotice, NoticeRecipient]]) -> None:
    """Add each to the next digest of its person that no sender has claimed yet."""
    left = [(one, recipient, uow.now) for one, recipient in waiting]
    while left:
        digests = _Queued()
        planned: list[tuple[Key, WantedNotice, NoticeRecipient]] = []
        for one, recipient, after in left:
            at = digest_after(recipient.choices, after, recipient.zone)
            digest = _digest_row(one.tenant, one.person, at)
            digests.add(digest, at)
            planned.append(((digest.tenant, digest.id), one, recipient))
        digests.rows.sort(key=lambda row: (row.tenant, row.id))  # two batches lock them in one order
        await _add(uow, digests, "waiting")
        held = await notifications.hold_digests(uow, list(digests.due))
        rows = [
            structs.replace(_row(one), digest_id=digest, state="queued")
            for (tenant, digest), one, _ in planned
            if (tenant, digest) in held
        ]
        due = [digests.due[row.tenant, row.digest_id] for row in rows if row.digest_id is not None]
        await notifications.add(uow, rows, due)
        left = [(one, recipient, digests.due[key]) for key, one, recipient in planned if key not in held]


async def move_digests(uow: UnitOfWork, events: Sequence[Event[Tenant]]) -> None:
    """Handle ``tenants`` events, too, after they are kept: the company's clock may be another one.

    What waits for a digest that is still to come waits for the next one by the new clock. A digest that is
    due is sent first.
    """
    moved, moves = _Queued(), list[DigestMove]()
    waiting = await notifications.later_digests(uow, {event.tenant for event in events}, DIGEST_KIND)
    recipients = await _recipients(uow, [(row.tenant, row.staff_id) for row in waiting])
    for row in waiting:
        recipient = recipients.get((row.tenant, row.staff_id))
        at = row.due_at if recipient is None else digest_after(recipient.choices, uow.now, recipient.zone)
        if at != row.due_at:
            digest = _digest_row(row.tenant, row.staff_id, at)
            moved.add(digest, at)
            moves.append(DigestMove(row.tenant, row.id, digest.id, at))
    await _add(uow, moved, "waiting")
    await notifications.move_digests(uow, moves)


def _digest_row(tenant: str, person: UUID, at: datetime) -> NotificationRow:
    digest = derived("notification", tenant, DIGEST_KIND, at.isoformat(), str(person))
    return NotificationRow(tenant=tenant, id=digest, kind=DIGEST_KIND, staff_id=person, state="queued")


async def queue_invitation(uow: UnitOfWork, tenant: str, person: UUID, *, by: UUID | None = None) -> None:
    """Queue the mail by which a colleague (``by``) invites a person; its link is made when it is sent."""
    row = NotificationRow(tenant=tenant, id=uuid7(), kind="invite", staff_id=person, by_id=by)
    await _add(uow, _Queued([row], {(tenant, row.id): uow.now}), "waiting")


async def queue_admin_notices(
    uow: UnitOfWork,
    tenant: str,
    kind: str,
    *,
    about: Mapping[str, Any] | None = None,
    webhook: UUID | None = None,
    once: tuple[str, ...] = (),
) -> None:
    """Queue mails to the administrators of a whole company, whatever they have chosen to hear of: its own
    system, or a team's channel, has stopped to hear of anything, or missed something.

    :param once: what makes it the same notice when it is queued again, which each of them gets once.
    """
    rows = [
        NotificationRow(
            tenant=tenant,
            id=derived("notification", tenant, kind, *once, str(person)) if once else uuid7(),
            kind=kind,
            staff_id=person,
            webhook_id=webhook,
            about=msgspec.json.encode(dict(about)).decode() if about else None,
            state=_row_state(kind),
        )
        for person in await notifications.administrators(uow, tenant)
    ]
    await _add(uow, _Queued(rows, {(row.tenant, row.id): uow.now for row in rows}), "waiting")


async def queue_view_mail(uow: UnitOfWork, tenant: str, person: UUID, key: UUID) -> bool:
    """Queue the mail of a saved view after its reader's quiet hours; False: it is queued, or it was told
    already, or nobody is to be told.

    :param key: of the notice, the same each time that this mail is queued.
    """
    recipient = (await _recipients(uow, [(tenant, person)])).get((tenant, person))
    if recipient is None:
        return False
    row = NotificationRow(tenant=tenant, id=key, kind=VIEW_MAIL_KIND, staff_id=person, state="queued")
    due = due_at(recipient.choices, VIEW_MAIL_KIND, uow.now, recipient.zone)
    return bool(await _add(uow, _Queued([row], {(tenant, key): due}), "waiting"))


async def queue_test(uow: UnitOfWork, tenant: str, person: UUID, browser: UUID) -> None:
    """Queue a message by which a person sees that their browser takes them."""
    row = NotificationRow(
        tenant=tenant,
        id=uuid7(),
        kind=TEST_KIND,
        staff_id=person,
        channel="push",
        subscription_id=browser,
        state="queued",
    )
    await _add(uow, _Queued([row], {(tenant, row.id): uow.now}), "waiting")
