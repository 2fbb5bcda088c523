"""Answers that arrive: each is kept, and unhappy ones open, extend and amend cases."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.alerts.cases.changes import write_changes
from services.alerts.cases.domain import case_rules
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import answers as case_answers
from services.alerts.cases.repository import cases
from services.alerts.cases.repository.cases import Key
from services.alerts.cases.team_notices import queue_team_mails
from services.alerts.replicas import repository as replicas
from services.alerts.replicas.answer_updates import AnswerUpdate, answer_updates, left_out_answers
from services.alerts.replicas.repository import ChangedAnswer
from shared.db.database import UnitOfWork
from shared.events import Answer, Event


async def act_on_answers(policy: CasePolicy, uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Keep the answers; open, extend and amend cases; notify the team of answers that are complete."""
    await _leave_out(uow, events)
    updates = answer_updates(events)
    if not updates:
        return
    changed = await replicas.keep_answers(uow, updates)
    found = [(update, case_rules.opening_version(update.versions, policy)) for update in updates]
    opening = [(update, answer) for update, answer in found if answer is not None]
    if opening:
        await cases.lock_opening(uow, [update.tenant for update, _ in opening])
    known = await case_answers.cases_of_answers(uow, [update.key for update in updates])
    without_case = [(update, answer) for update, answer in opening if update.key not in known]
    changed_with_case = [each for each in changed if each.key in known and not each.answer.erased]
    if not without_case and not changed_with_case:
        return
    batch = await _AnswerBatch.lock(policy, uow, known, without_case, changed_with_case)
    await batch.open(without_case)
    await batch.amend(known, changed_with_case)
    await batch.write()


async def _leave_out(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Record on the cases of answers that counted that a machine gave them; it closes nothing by itself."""
    left_out = await replicas.leave_out(uow, left_out_answers(events))
    if not left_out:
        return
    known = await case_answers.cases_of_answers(uow, [key for key, _ in left_out])
    by_key = {
        (case.tenant, case.id): case
        for case in await cases.lock_cases(uow, [(tenant, case) for (tenant, _), case in known.items()], [])
    }
    entries: Entries = []
    for key, answer in left_out:
        if key in known:
            by_key[key[0], known[key]].answer_left_out(entries, uow.now, answer)
    await write_changes(uow, list(by_key.values()), entries)


class _AnswerBatch:
    """The changes of one batch to cases: gathered while their rows are locked, then written at once."""

    def __init__(self, policy: CasePolicy, uow: UnitOfWork, locked: Sequence[CaseFile]) -> None:
        self._policy = policy
        self._uow = uow
        self._by_key = {(case.tenant, case.id): case for case in locked}
        self._open = [case for case in locked if case.state != "closed"]
        self._entries: Entries = []
        self._new: list[CaseFile] = []
        self._finished: list[tuple[CaseFile, Answer]] = []
        self._touched: set[Key] = set()

    @classmethod
    async def lock(
        cls,
        policy: CasePolicy,
        uow: UnitOfWork,
        known: Mapping[Key, UUID],
        without_case: Sequence[tuple[AnswerUpdate, Answer]],
        changed_with_case: Sequence[ChangedAnswer],
    ) -> "_AnswerBatch":
        """Lock the cases of the changed answers, and the open ones of the customers of those without."""
        keys = [(answer.tenant, known[answer.key]) for answer in changed_with_case]
        customers = [
            (update.tenant, update.answer.customer_id)
            for update, _ in without_case
            if update.answer.customer_id is not None
        ]
        return cls(policy, uow, await cases.lock_cases(uow, keys, customers))

    async def open(self, without_case: Sequence[tuple[AnswerUpdate, Answer]]) -> None:
        """Give each unhappy answer a case: the person's open one, else a new one."""
        if not without_case:
            return
        newest = await replicas.newest_answers(self._uow, [update.key for update, _ in without_case])
        attached = []
        for update, opening_answer in without_case:
            answer, first_score = newest[update.key]
            if answer.erased:  # an earlier version came after the one from which the customer was erased
                continue
            case = self._open_case_of(update.tenant, answer)
            if case is not None:
                case.answered_again(self._entries, self._uow.now, answer, self._policy)
            else:
                case = case_rules.new_case(update.tenant, opening_answer, answer, self._uow.now, self._policy)
                case.opened(self._entries, answer.score or 0, first_score)
                self._new.append(case)
                self._by_key[case.tenant, case.id] = case
                self._open.append(case)
            until = case_rules.writing_until(answer, self._policy)
            attached.append((case, answer, until))
            if until is None:
                self._finished.append((case, answer))
        if self._new:
            await self._number(self._new)
            await cases.insert_cases(self._uow, self._new)
        await case_answers.attach_answers(self._uow, attached)
        self._touched |= {(case.tenant, case.id) for case, _, _ in attached}

    def _open_case_of(self, tenant: str, answer: Answer) -> CaseFile | None:
        """The open case of the answer's customer: with the same address, else with an unknown one."""
        contact_key = answer.contact_key or ""
        found = [
            case
            for case in self._open
            if case.tenant == tenant and case.may_be_of(answer.customer_id, contact_key)
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
            if one.before is not None and one.before != one.answer.score:
                case.amended(self._entries, self._uow.now, one.answer, one.before, self._policy)
            if one.key in ended:
                self._finished.append((case, one.answer))

    async def write(self) -> None:
        """Apply all answers to their cases, notify the team, write everything, and publish what changed."""
        answers = await case_answers.answers_of_cases(self._uow, sorted(self._touched))
        for key in sorted(self._touched):
            self._by_key[key].apply_answers(self._entries, self._uow.now, answers[key], self._policy)
        await queue_team_mails(self._uow, self._policy, self._finished, self._entries)
        await write_changes(self._uow, list(self._by_key.values()), self._entries)
