"""What the dispatcher tells of mails between cases and customers: whether one was sent, and what came back.

Each mail of a customer is recorded once, however often it is told. It ends a wait, opens a case again that
was closed not long ago, and is told to whoever has the case; what a program answered is recorded alone.
"""

from collections.abc import Sequence
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.changes import set_case_deadlines, write_changes
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.objection_notices import ObjectedCase, objection_notices
from services.alerts.cases.repository import case_mails, cases
from services.alerts.cases.repository.case_mails import CaseMailRow
from services.alerts.cases.repository.cases import Key
from services.alerts.cases.repository.timeline import reached_by_mail_alone
from services.alerts.notices.queueing import WantedNotice, queue_notices
from services.alerts.replicas import repository as replicas
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import UnitOfWork
from shared.events import Answer, CaseMail, Event
from shared.events.dedupe import newest

UPDATE_KIND = "update"
"""Of a mail that tells the customer what has been done about their case's cause; nobody here wrote it."""
LEFT_STATES = frozenset({"sent", "bounced", "unknown"})
"""Of an update that the customer has, or perhaps has: of others their case is told nothing."""
UNSENT_STATES = frozenset({"refused", "failed", "bounced", "unknown"})
"""Of a mail that the customer has not, or perhaps not."""


async def act_on_case_mails(
    policy: CasePolicy, cache: CompanySetups, uow: UnitOfWork, events: Sequence[Event[CaseMail]]
) -> None:
    """Keep what became of our mails, and let what customers wrote work on their cases."""
    latest = [event for event in newest(events, lambda mail: mail.id) if not event.data.erased]
    came = [event for event in latest if event.data.direction == "in"]
    if any(not event.data.automatic for event in came):
        # Opening is always locked before a case.
        await cases.lock_opening(uow, [event.tenant for event in came])
    answers = await replicas.newest_answers(uow, [(event.tenant, event.data.answer_id) for event in latest])
    known_answers = {key: answer for key, (answer, _) in answers.items()}
    keys = [(event.tenant, event.data.case_id) for event in latest]
    locked = await cases.lock_cases(
        uow,
        [*keys, *await cases.merged_into(uow, keys)],
        [
            (event.tenant, known_answers[key])
            for event in came
            if (key := (event.tenant, event.data.answer_id)) in known_answers
        ],
    )
    batch = _MailBatch(uow, policy, cache, locked, known_answers)
    await batch.keep_states([event for event in latest if event.data.direction == "out"])
    await batch.take(came)
    await batch.write()


class _MailBatch:
    """What a batch of mails does to cases that are locked."""

    def __init__(
        self,
        uow: UnitOfWork,
        policy: CasePolicy,
        cache: CompanySetups,
        locked: Sequence[CaseFile],
        answers: dict[Key, Answer],
    ) -> None:
        self._uow = uow
        self._policy = policy
        self._cache = cache
        self._by_key = {(case.tenant, case.id): case for case in locked}
        self._answers = answers
        self._changed: dict[Key, CaseFile] = {}
        self._entries: Entries = []
        self._told: list[tuple[str, ObjectedCase]] = []
        """What is told to whoever has a case, by its kind of notice."""

    async def keep_states(self, events: Sequence[Event[CaseMail]]) -> None:
        """Let the first mail that was sent be the first contact, until it comes back; tell of mails that the
        customer has not.
        """
        await case_mails.add(self._uow, [_update_row(event) for event in events if self._reaches_case(event)])
        new = await case_mails.keep_states(self._uow, events)
        written = await case_mails.answers_of(self._uow, sorted(new))
        for event in events:
            case = self._by_key.get((event.tenant, event.data.case_id))
            if case is None or (event.tenant, event.data.id) not in new:
                continue
            if event.data.kind == UPDATE_KIND:
                if event.data.state == "sent":
                    case.informed(self._entries, self._uow.now, event.data)
                    self._changed[case.tenant, case.id] = case
                continue
            self._changed[case.tenant, case.id] = case
            about = written.get((event.tenant, event.data.id)) or [event.data.answer_id]
            if event.data.state == "sent":
                case.mail_left(self._entries, self._uow.now, event.data.at, about)
                continue
            if event.data.state == "bounced" and await self._was_all_contact(case):
                case.first_mail_came_back(self._entries, self._uow.now, about)
            case.changed_at = self._uow.now
            answer = self._answers.get((event.tenant, event.data.answer_id))
            if event.data.state in UNSENT_STATES and answer is not None and not case.erased:
                self._told.append(("unsent", ObjectedCase(case, answer, case.version)))

    def _reaches_case(self, event: Event[CaseMail]) -> bool:
        """Whether the case is told of an update."""
        case = self._by_key.get((event.tenant, event.data.case_id))
        has_left = event.data.kind == UPDATE_KIND and event.data.state in LEFT_STATES
        return has_left and case is not None and not case.erased

    async def _was_all_contact(self, case: CaseFile) -> bool:
        """Whether nothing else than mails that came back is the first contact of a case."""
        if case.first_contact_at is None or case.erased or await case_mails.has_sent(self._uow, case):
            return False
        return await reached_by_mail_alone(self._uow, case.tenant, case.id)

    async def take(self, events: Sequence[Event[CaseMail]]) -> None:
        """Record what customers wrote, each mail once."""
        known = await case_mails.answers_of(
            self._uow, [(event.tenant, event.data.reply_id) for event in events]
        )
        found = [
            event
            for event in events
            if (case := self._by_key.get((event.tenant, event.data.case_id))) is not None and not case.erased
        ]
        rows = [_row(event, known.get((event.tenant, event.data.reply_id), [])) for event in found]
        new = await case_mails.add(self._uow, rows)
        for event, row in zip(found, rows, strict=True):
            if (event.tenant, event.data.id) in new:
                case = self._by_key[event.tenant, event.data.case_id]
                await self._take(case, event.data, row.answers or [event.data.answer_id])

    async def _take(self, case: CaseFile, mail: CaseMail, answers: list[UUID]) -> None:
        now, calendar = self._uow.now, await self._calendar(case)
        other = None if mail.automatic or case.state != "closed" else self._other(case)
        case.customer_wrote(self._entries, now, mail, answers, self._policy, calendar, other)
        self._changed[case.tenant, case.id] = case
        going_on = case
        if other is not None:
            other.joined_by_mail(self._entries, now, answers, case, await self._calendar(other))
            self._changed[other.tenant, other.id] = other
            going_on = other
        answer = self._answers.get((case.tenant, mail.answer_id))
        if not mail.automatic and answer is not None:
            self._told.append(("wrote", ObjectedCase(going_on, answer, going_on.version)))

    def _other(self, case: CaseFile) -> CaseFile | None:
        """Another open case of the person."""
        found = [
            one
            for one in self._by_key.values()
            if one.tenant == case.tenant
            and one.id != case.id
            and one.state != "closed"
            and (one.id == case.merged_into or one.may_be_of(case.person, case.customer_id, case.contact_key))
        ]
        return min(found, key=lambda one: (one.id != case.merged_into, one.opened_at, one.id), default=None)

    async def _calendar(self, case: CaseFile) -> Calendar | None:
        return (await self._cache.one(self._uow, case.tenant)).calendar_of(case.team_id)

    async def write(self) -> None:
        """Write the cases, and tell; deadlines are set before notices are queued, as everywhere."""
        changed = [self._changed[key] for key in sorted(self._changed)]
        if not changed:
            return
        await set_case_deadlines(self._uow, changed)
        await queue_notices(self._uow, await self._notices())
        await write_changes(self._uow, changed, self._entries)

    async def _notices(self) -> list[WantedNotice]:
        setups = await self._cache.of(self._uow, {one.case.tenant for _, one in self._told})
        wanted = []
        for kind in ("wrote", "unsent"):
            of_kind = [one for told, one in self._told if told == kind]
            wanted += await objection_notices(self._uow, setups, of_kind, kind)
        return wanted


def _update_row(event: Event[CaseMail]) -> CaseMailRow:
    """A mail of which nothing was known here until it left."""
    mail = event.data
    return CaseMailRow(
        tenant=event.tenant,
        id=mail.id,
        case_id=mail.case_id,
        direction="out",
        kind=mail.kind,
        reply_id=mail.reply_id,
        state="waiting",
        answers=[mail.answer_id],
        written_at=mail.at,
    )


def _row(event: Event[CaseMail], answers: list[UUID]) -> CaseMailRow:
    mail = event.data
    return CaseMailRow(
        tenant=event.tenant,
        id=mail.id,
        case_id=mail.case_id,
        direction="in",
        kind=mail.kind,
        reply_id=mail.reply_id,
        version=mail.version,
        state=mail.state,
        answers=answers,
        written_at=mail.at,
    )
