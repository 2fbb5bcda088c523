"""What the rules of its company say of each answer of a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.alerts.cases.domain import case_rules
from services.alerts.cases.domain.case_rules import OpeningAnswer
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.repository import cases
from services.alerts.cases.repository.cases import Key
from services.alerts.replicas import repository as replicas
from services.alerts.replicas.answer_updates import AnswerUpdate
from services.alerts.rules.domain import RuleMatch, matching_rule
from services.alerts.rules.setup import CompanySetup
from services.alerts.rules.setup_cache import CompanySetups
from shared.conditions.event_fields import EventFields
from shared.db.database import UnitOfWork
from shared.events import Answer, Invitation


@dataclass(frozen=True)
class JudgedAnswers:
    """A batch of answers with the setups of their companies, and their events as far as they count."""

    policy: CasePolicy
    setups: Mapping[str, CompanySetup]
    events: Mapping[Key, Invitation]
    opening: Sequence[tuple[AnswerUpdate, OpeningAnswer]]
    """Those that open a case, each with its version that does."""

    def match(self, tenant: str, answer: Answer) -> RuleMatch | None:
        """The rule that a version of an answer meets, if it may open a case."""
        if not case_rules.may_open(answer, self.policy):
            return None
        event = self.events.get((tenant, answer.id))
        return matching_rule(self.setups[tenant].rules, answer, EventFields(event) if event else None)


async def judge(
    uow: UnitOfWork, policy: CasePolicy, cache: CompanySetups, updates: Sequence[AnswerUpdate]
) -> JudgedAnswers:
    """Judge the answers of a batch, which are written.

    Where an event is still missing, opening is locked for all that may open a case.
    """
    setups = await cache.of(uow, {update.tenant for update in updates})
    events = await _events(uow, policy, setups, updates)
    opening = []
    for update in updates:
        event = events.get(update.key)
        fields = EventFields(event) if event is not None else None
        found = case_rules.opening_version(update.versions, policy, setups[update.tenant].rules, fields)
        if found is not None:
            opening.append((update, found))
    return JudgedAnswers(policy, setups, events, opening)


async def _events(
    uow: UnitOfWork,
    policy: CasePolicy,
    setups: Mapping[str, CompanySetup],
    updates: Sequence[AnswerUpdate],
) -> dict[Key, Invitation]:
    """The events of those answers that may open a case, of the companies for which events count.

    An event and its answer may be consumed at the same time by two processes. Whichever locks the opening
    second finds what the other one has written, so one of them judges with both.
    """
    opening = [
        update
        for update in updates
        if any(case_rules.may_open(version, policy) for version in update.versions)
    ]
    wanted = [
        update.key for update in opening if setups[update.tenant].needs_event and not update.answer.anonymous
    ]
    if not wanted:
        return {}
    events = await replicas.invitations_of(uow, wanted)
    if missing := [key for key in wanted if key not in events]:
        # At once for all companies that are locked later: two batches would lock them in two orders.
        await cases.lock_opening(uow, [update.tenant for update in opening])
        events |= await replicas.invitations_of(uow, missing)
    return events
