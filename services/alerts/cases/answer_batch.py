"""The changes of one batch of answers to cases."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.changes import set_case_deadlines, write_changes
from services.alerts.cases.domain import case_rules
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_rules import OpeningAnswer
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.judging import JudgedAnswers
from services.alerts.cases.objection_notices import ObjectedCase, objection_notices
from services.alerts.cases.repository import answers as case_answers
from services.alerts.cases.repository import cases
from services.alerts.cases.repository.answers import QUIET_DEADLINE
from services.alerts.cases.repository.cases import Key
from services.alerts.cases.repository.timeline import recorded_objections
from services.alerts.cases.team_notices import queue_team_notices
from services.alerts.incidents.counting import count_new_cases
from services.alerts.incidents.domain import Incident, IncidentPolicy
from services.alerts.incidents.notifying import BEGAN, notify_channels
from services.alerts.replicas import repository as replicas
from services.alerts.replicas.answer_updates import AnswerUpdate
from services.alerts.replicas.repository import ChangedAnswer
from services.alerts.rules.domain import RuleMatch
from services.alerts.teams.routing import Route, route, route_facts
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline
from shared.events import Answer, Objection


class AnswerBatch:
    """The changes of one batch to cases: gathered while their rows are locked, then written at once."""

    def __init__(self, uow: UnitOfWork, judged: JudgedAnswers, locked: Sequence[CaseFile]) -> None:
        self._uow = uow
        self._judged = judged
        self._policy = judged.policy
        self._by_key = {(case.tenant, case.id): case for case in locked}
        self._open = [case for case in locked if case.state != "closed"]
        self._entries: Entries = []
        self._new: list[CaseFile] = []
        self._finished: list[tuple[CaseFile, Answer]] = []
        self._learnt: list[tuple[CaseFile, Answer]] = []
        self._touched: set[Key] = set()
        self._quiet: list[Deadline] = []
        self._begun: list[Incident] = []
        self._objected: list[ObjectedCase] = []

    @classmethod
    async def lock(
        cls,
        uow: UnitOfWork,
        judged: JudgedAnswers,
        keys: Sequence[Key],
        without_case: Sequence[tuple[AnswerUpdate, OpeningAnswer]],
        objecting: Sequence[ChangedAnswer] = (),
    ) -> "AnswerBatch":
        """Lock these cases, and the open ones of the customers of answers without one, and of objections."""
        answers = [(update.tenant, update.answer) for update, _ in without_case]
        answers += [(one.tenant, one.answer) for one in objecting]
        return cls(uow, judged, await cases.lock_cases(uow, keys, answers))

    def leave_out(self, known: Mapping[Key, UUID], left_out: Sequence[tuple[Key, Answer]]) -> None:
        """Record that machines gave these answers, as they were when they counted."""
        for key, answer in left_out:
            case = self._by_key[key[0], known[key]]
            case.answer_left_out(self._entries, self._uow.now, answer)

    async def open(self, without_case: Sequence[tuple[AnswerUpdate, OpeningAnswer]]) -> None:
        """Give each answer that opens a case one: the person's open case, else a new one."""
        if not without_case:
            return
        newest = await replicas.newest_answers(self._uow, [update.key for update, _ in without_case])
        attached: list[tuple[CaseFile, Answer]] = []
        opened: list[tuple[CaseFile, Answer]] = []
        for update, opening in without_case:
            answer, first_score = newest[update.key]
            if answer.erased:  # an earlier version came after the one from which the customer was erased
                continue
            case = self._open_case_of(update.tenant, answer)
            if case is not None:
                case.answered_again(self._entries, self._uow.now, answer, opening.match, self._calendar(case))
            else:
                case = self._new_case(update.tenant, opening, answer, first_score)
                opened.append((case, answer))
            attached.append((case, answer))
            if (until := case_rules.writing_until(answer, self._policy)) is None:
                self._finished.append((case, answer))
            else:
                self._quiet.append(Deadline(case.tenant, QUIET_DEADLINE, answer.id, until))
        if self._new:
            await self._number(self._new)
            await cases.insert_cases(self._uow, self._new)
            self._begun = await count_new_cases(self._uow, IncidentPolicy(), opened)
        await case_answers.attach_answers(self._uow, attached, self._policy)
        self._touched |= {(case.tenant, case.id) for case, _ in attached}

    def _new_case(self, tenant: str, opening: OpeningAnswer, answer: Answer, first_score: int) -> CaseFile:
        setup, now = self._judged.setups[tenant], self._uow.now
        found = self._route(tenant, opening.match, answer)
        calendar = setup.calendar_of(found.team)
        case = case_rules.new_case(tenant, opening, answer, now, self._policy, calendar)
        case.rule_name, case.rules_version = opening.match.rule.name, setup.rules_version
        case.opened(self._entries, answer.score or 0, first_score, opening.match)
        if (match := self._judged.match(tenant, answer)) is not None:
            case.heed(match, opening.answer.changed_at, calendar)
        if found.step != "everybody":
            case.routed(self._entries, now, found, route_facts(setup, found))
        self._new.append(case)
        self._by_key[case.tenant, case.id] = case
        self._open.append(case)
        return case

    def _route(self, tenant: str, match: RuleMatch, answer: Answer) -> Route:
        event = self._judged.events.get((tenant, answer.id))
        return route(self._judged.setups[tenant], match.rule, answer, event, self._uow.now)

    def _calendar(self, case: CaseFile) -> Calendar | None:
        return self._judged.setups[case.tenant].calendar_of(case.team_id)

    async def judge_again(self, known: Mapping[Key, UUID]) -> None:
        """Apply what an event adds that came after its answer; nothing once somebody has decided.

        Who must be told beside the one who handled it is told in any case.
        """
        for update, opening in self._judged.opening:
            if update.key not in known:
                continue
            case = self._by_key[update.tenant, known[update.key]]
            until = case_rules.writing_until(update.answer, self._policy)
            if until is None or until <= self._uow.now:
                self._learnt.append((case, update.answer))
            if case.decided_version or case.state == "closed" or case.answer_id != update.answer.id:
                continue
            setup = self._judged.setups[update.tenant]
            found = self._route(update.tenant, opening.match, update.answer)
            answer, calendar = opening.answer, setup.calendar_of(found.team)
            since = answer.answered_at if answer.answered_at and not answer.judgement else answer.changed_at
            case.judged_again(
                self._entries, self._uow.now, opening.match, setup.rules_version, since, calendar
            )
            if (found.team, found.owner, list(found.told)) != (case.team_id, case.owner_id, case.routed_to):
                case.routed(self._entries, self._uow.now, found, route_facts(setup, found))

    def _open_case_of(self, tenant: str, answer: Answer) -> CaseFile | None:
        """The open case of the answer's customer: with the same address, else with an unknown one."""
        contact_key = answer.contact_key or ""
        found = [
            case
            for case in self._open
            if case.tenant == tenant and case.may_be_of(answer.person, answer.customer_id, contact_key)
        ]
        return min(
            found, key=lambda case: (case.contact_key != contact_key, case.opened_at, case.id), default=None
        )

    async def _number(self, new: Sequence[CaseFile]) -> None:
        """Give each new case a number that no other case of its company has."""
        attempt, taken = 0, set[tuple[str, int]]()
        while new:
            wanted = [(case.tenant, case_rules.case_number(case.id, self._policy, attempt)) for case in new]
            taken |= await cases.taken_numbers(self._uow, wanted)
            again = []
            for case, (tenant, number) in zip(new, wanted, strict=True):
                if (tenant, number) in taken:
                    again.append(case)
                else:
                    case.number = number
                    taken.add((tenant, number))
            new, attempt = again, attempt + 1

    async def amend(self, known: Mapping[Key, UUID], changed_with_case: Sequence[ChangedAnswer]) -> None:
        """Apply another score, more text, or the end of the writing."""
        if not changed_with_case:
            return
        until = [(*one.key, case_rules.writing_until(one.answer, self._policy)) for one in changed_with_case]
        ended = await case_answers.set_writing_until(self._uow, until)
        for one in changed_with_case:
            case = self._by_key[one.tenant, known[one.key]]
            case.changed_at = self._uow.now
            self._touched.add((case.tenant, case.id))
            if one.was_left_out:
                case.answer_counted(self._entries, self._uow.now, one.answer)
            match, calendar = self._judged.match(one.tenant, one.answer), self._calendar(case)
            if one.before is not None and one.before != one.answer.score:
                case.amended(self._entries, self._uow.now, one.answer, one.before, match, calendar)
            elif match is not None:
                case.wrote_more(self._entries, self._uow.now, one.answer, match, calendar)
            if case.waiting_since is not None and one.answer.changed_at > case.waiting_since:
                case.end_wait_for_customer(self._entries, self._uow.now, one.answer.id, calendar)
            if one.key in ended:
                self._finished.append((case, one.answer))

    async def object(self, known: Mapping[Key, UUID], objecting: Sequence[ChangedAnswer]) -> None:
        """Apply objections to how cases ended; one that is recorded changes nothing again."""
        if not objecting:
            return
        done = await recorded_objections(self._uow, [(one.tenant, known[one.key]) for one in objecting])
        for one in objecting:
            case = self._by_key[one.tenant, known[one.key]]
            for objection in one.answer.objections:
                if not case.erased and (one.tenant, one.answer.id, objection.closed_at) not in done:
                    self._object(case, one.answer, objection)

    def _object(self, case: CaseFile, answer: Answer, objection: Objection) -> None:
        """Open the case again, or go on in another one of the person that is open."""
        stands = case.state == "closed" and case.closed_at == objection.closed_at
        other = self._open_case_of(case.tenant, answer) if stands else None
        now, calendar = self._uow.now, self._calendar(case)
        if case.objected(self._entries, now, answer.id, objection, self._policy, calendar, other):
            self._open.append(case)
            self._objected.append(ObjectedCase(case, answer, case.version))
        elif other is not None:
            other.joined_by_objection(self._entries, now, answer.id, case, self._calendar(other))
            self._objected.append(ObjectedCase(other, answer, other.version))
        elif case.state != "closed":  # a colleague was faster
            case.end_wait_for_customer(self._entries, now, answer.id, calendar)
            self._objected.append(ObjectedCase(case, answer, case.version))

    async def write(self) -> None:
        """Apply all answers to their cases, notify the team, write everything, and publish what changed.

        All deadlines are set before notices are queued, as everywhere (see ``shared.db.deadlines``).
        """
        answers = await case_answers.answers_of_cases(self._uow, sorted(self._touched))
        for key in sorted(self._touched):
            case = self._by_key[key]
            case.apply_answers(self._entries, self._uow.now, answers[key], self._calendar(case))
        changed = list(self._by_key.values())
        await set_case_deadlines(self._uow, changed, self._quiet)
        teams = {one.id: self._by_key[one.tenant, one.case_id].team_id for one in self._begun}
        await notify_channels(self._uow, BEGAN, self._begun, teams)
        setups = self._judged.setups
        await queue_team_notices(
            *(self._uow, self._policy, setups, self._finished, self._entries),
            *(self._begun, await objection_notices(self._uow, setups, self._objected), self._learnt),
        )
        await write_changes(self._uow, changed, self._entries)
