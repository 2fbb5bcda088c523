"""What alerts hears, and what it does then."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.alerts import domain, opening
from services.alerts.domain import CaseFile, Entry
from services.alerts.opening import News
from services.alerts.repository import cases, copies, notices, people
from services.alerts.repository.copies import Changed
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, CASES, INVITATIONS, SURVEYS, TENANTS, Answer, Event, Invitation, Survey
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.permissions import CASE_ROLES
from shared.service import Context
from shared.tenancy.tenants import keep_tenants


async def act_on_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Keep the answers; open, extend and amend cases; tell the team of what is finished."""
    news = opening.news_of(events)
    if not news:
        return
    changed = await copies.keep_answers(uow, news)
    calling = [one for one in news if one.opens is not None]
    if calling:
        await cases.lock_counters(uow, [one.tenant for one in calling])
    known = await cases.cases_of_answers(uow, [(one.tenant, one.answer.id) for one in news])
    unknown = [one for one in calling if (one.tenant, one.answer.id) not in known]
    amended = [one for one in changed if (one.tenant, one.answer.id) in known]
    if not unknown and not amended:
        return
    work = await _Work.begin(uow, known, unknown, amended)
    await work.open(unknown)
    await work.amend(known, amended)
    await work.end()


class _Work:
    """One batch's changes to cases, gathered while their rows are locked and written down at once."""

    def __init__(self, uow: UnitOfWork, locked: Sequence[CaseFile]) -> None:
        self._uow = uow
        self._by_id = {(case.tenant, case.id): case for case in locked}
        self._open = [case for case in locked if case.state != "closed"]
        self._entries: list[Entry] = []
        self._new: list[CaseFile] = []
        self._finished: list[tuple[CaseFile, Answer]] = []
        self._touched: set[tuple[str, UUID]] = set()

    @classmethod
    async def begin(
        cls,
        uow: UnitOfWork,
        known: dict[tuple[str, UUID], UUID],
        unknown: Sequence[News],
        amended: Sequence[Changed],
    ) -> "_Work":
        keys = [(one.tenant, known[one.tenant, one.answer.id]) for one in amended]
        customers = [
            (one.tenant, one.answer.customer_id) for one in unknown if one.answer.customer_id is not None
        ]
        return cls(uow, await cases.lock_cases(uow, keys, customers))

    async def open(self, unknown: Sequence[News]) -> None:
        """Give each unhappy answer its case: the person's open one, else a new one."""
        if not unknown:
            return
        standing = await copies.newest_answers(self._uow, [(one.tenant, one.answer.id) for one in unknown])
        belongs = []
        for one in unknown:
            caller = one.opens
            answer, first_score = standing[one.tenant, one.answer.id]
            case = self._open_case_of(one.tenant, answer)
            if case is not None:
                case.again(self._entries, self._uow.now, answer)
            elif caller is not None:
                case = opening.new_case(one.tenant, caller, answer, self._uow.now)
                case.begin(self._entries, answer.score or 0, first_score)
                self._new.append(case)
                self._by_id[case.tenant, case.id] = case
                self._open.append(case)
            else:
                continue
            until = opening.writing_until(answer)
            belongs.append((case, answer, until))
            if until is None:
                self._finished.append((case, answer))
        if self._new:
            await self._number(self._new)
            await cases.insert_cases(self._uow, self._new)
        await cases.attach_answers(self._uow, belongs)
        self._touched |= {(case.tenant, case.id) for case, _, _ in belongs}

    def _open_case_of(self, tenant: str, answer: Answer) -> CaseFile | None:
        """The open case of who answers: that of the same address, else one of which the address is not
        known.
        """
        contact_key = answer.contact_key or ""
        found = [
            case
            for case in self._open
            if case.tenant == tenant and case.is_of(answer.customer_id, contact_key)
        ]
        return min(
            found, key=lambda case: (case.contact_key != contact_key, case.opened_at, case.id), default=None
        )

    async def _number(self, new: Sequence[CaseFile]) -> None:
        """Give each new case a number that no other case of its company has."""
        attempt, given = 0, set[tuple[str, int]]()
        while new:
            wanted = [(case.tenant, opening.number_of(case.id, attempt)) for case in new]
            given |= await cases.numbers_taken(self._uow, wanted)
            again = []
            for case, (tenant, number) in zip(new, wanted, strict=True):
                if (tenant, number) in given:
                    again.append(case)
                else:
                    case.number = number
                    given.add((tenant, number))
            new, attempt = again, attempt + 1

    async def amend(self, known: dict[tuple[str, UUID], UUID], amended: Sequence[Changed]) -> None:
        """Another score, more words, or the end of the writing."""
        if not amended:
            return
        until = [(one.tenant, one.answer.id, opening.writing_until(one.answer)) for one in amended]
        was_writing = await cases.still_writing(self._uow, until)
        for one in amended:
            case = self._by_id[one.tenant, known[one.tenant, one.answer.id]]
            case.changed_at = self._uow.now
            self._touched.add((case.tenant, case.id))
            if one.before is not None and one.before != one.answer.score:
                case.amended(self._entries, self._uow.now, one.answer, one.before)
            if one.answer.state == "sent" and (one.tenant, one.answer.id) in was_writing:
                self._finished.append((case, one.answer))

    async def end(self) -> None:
        """Weigh what has changed, tell who is to be told, write all down, and say it."""
        answers = await cases.answers_of_cases(self._uow, sorted(self._touched))
        for key in sorted(self._touched):
            self._by_id[key].weigh(self._entries, self._uow.now, answers[key])
        await tell_team(self._uow, self._finished, self._entries)
        await cases.update_cases(self._uow, list(self._by_id.values()))
        if self._entries:
            await cases.write_entries(self._uow, self._entries)
        changed = {(entry.tenant, entry.case_id) for entry in self._entries}
        for key in sorted(changed):
            self._uow.publish(CASES, key[0], self._by_id[key].published())


async def tell_team(
    uow: UnitOfWork, finished: Sequence[tuple[CaseFile, Answer]], entries: list[Entry]
) -> None:
    """Queue the mail of each answer that is complete; one that we hear of days later is news to nobody."""
    fresh = [
        (case, answer)
        for case, answer in finished
        if case.state != "closed"
        and answer.answered_at is not None
        and uow.now - answer.answered_at <= domain.FRESH
    ]
    if not fresh:
        return
    listeners = await people.who_hears(uow, [case.tenant for case, _ in fresh], CASE_ROLES)
    told: list[notices.Told] = []
    for case, answer in fresh:
        found = opening.recipients(listeners.get(case.tenant, []), case, answer)
        if found:
            case.team_told(entries, uow.now, len(found), answer.id)
            told += [(case.tenant, person, case.id, answer.id) for person in found]
    if told:
        await notices.tell(uow, told)


async def keep_invitations(uow: UnitOfWork, events: Sequence[Event[Invitation]]) -> None:
    """Keep who was asked, and about what."""
    await copies.keep_invitations(uow, newest(events, lambda invitation: invitation.id))


async def keep_surveys(uow: UnitOfWork, events: Sequence[Event[Survey]]) -> None:
    """Keep what the surveys are called, and whether mail goes out."""
    await copies.keep_surveys(uow, newest(events, lambda survey: (survey.id, survey.survey_version)))


def subscriptions(context: Context) -> Sequence[Subscription[Any]]:  # noqa: ARG001  (one signature for all services)
    """The handler of each topic that alerts consumes."""
    return (
        Subscription(TENANTS, keep_tenants),
        Subscription(ANSWERS, act_on_answers, prompt=True),
        Subscription(INVITATIONS, keep_invitations),
        Subscription(SURVEYS, keep_surveys),
    )
