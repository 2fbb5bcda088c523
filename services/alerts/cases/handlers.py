"""Answers that arrive, and their events: each is kept, and what meets a rule opens and extends cases."""

from collections.abc import Sequence

from services.alerts.cases.answer_batch import AnswerBatch
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.judging import judge
from services.alerts.cases.repository import answers as case_answers
from services.alerts.cases.repository import cases
from services.alerts.replicas import repository as replicas
from services.alerts.replicas.answer_updates import AnswerUpdate, answer_updates, left_out_answers
from services.alerts.rules.setup_cache import CompanySetups
from shared.db.database import UnitOfWork
from shared.events import Answer, Event, Invitation
from shared.events.dedupe import newest


async def act_on_answers(
    policy: CasePolicy, cache: CompanySetups, uow: UnitOfWork, events: Sequence[Event[Answer]]
) -> None:
    """Keep the answers; open, extend and amend cases; notify the team of answers that are complete.

    A customer who objects to how a case ended opens it again (:meth:`AnswerBatch.object`).

    That a machine gave an answer that counted is recorded on its case; it closes nothing by itself.
    """
    left_out = await replicas.leave_out(uow, left_out_answers(events))
    updates = answer_updates(events)
    changed = await replicas.keep_answers(uow, updates) if updates else []
    objecting = [each for each in changed if each.answer.objections and not each.answer.erased]
    if objecting:
        # Opening is always locked before a case, and at once for all companies that are locked later.
        await cases.lock_opening(uow, [update.tenant for update in updates])
    judged = await judge(uow, policy, cache, updates)
    if judged.opening:
        await cases.lock_opening(uow, [update.tenant for update, _ in judged.opening])
    known = await case_answers.cases_of_answers(
        uow, [*(update.key for update in updates), *(key for key, _ in left_out)]
    )
    without_case = [(update, opening) for update, opening in judged.opening if update.key not in known]
    changed_with_case = [each for each in changed if each.key in known and not each.answer.erased]
    left_out_with_case = [(key, answer) for key, answer in left_out if key in known]
    objecting = [each for each in objecting if each.key in known]
    if not without_case and not changed_with_case and not left_out_with_case:
        return
    touched = [*(answer.key for answer in changed_with_case), *(key for key, _ in left_out_with_case)]
    keys = [(key[0], known[key]) for key in touched]
    batch = await AnswerBatch.lock(uow, judged, keys, without_case, objecting)
    batch.leave_out(known, left_out_with_case)
    await batch.open(without_case)
    await batch.amend(known, changed_with_case)
    await batch.object(known, objecting)
    await batch.write()


async def act_on_invitations(
    policy: CasePolicy, cache: CompanySetups, uow: UnitOfWork, events: Sequence[Event[Invitation]]
) -> None:
    """Keep who was asked, and about what. An answer that came before is judged again, by its event, too.

    The open pages of its case show the customer.
    """
    added = await replicas.keep_invitations(uow, newest(events, lambda invitation: invitation.id))
    if not added:
        return
    setups = await cache.of(uow, {tenant for tenant, _ in added})
    needing = sorted({tenant for tenant, _ in added if setups[tenant].needs_event})
    if needing:
        await cases.lock_opening(uow, needing)
    answers = await replicas.newest_answers(uow, added)
    if not answers:
        return
    await replicas.touch_cases(uow, list(answers))
    updates = [
        AnswerUpdate(tenant=tenant, versions=[answer])
        for (tenant, _), (answer, _) in sorted(answers.items())
        if tenant in needing and not answer.erased and answer.judgement != "machine"
    ]
    if not updates:
        return
    judged = await judge(uow, policy, cache, updates)
    known = await case_answers.cases_of_answers(uow, [update.key for update, _ in judged.opening])
    keys = [(tenant, case) for (tenant, _), case in known.items()]
    without_case = [(update, opening) for update, opening in judged.opening if update.key not in known]
    batch = await AnswerBatch.lock(uow, judged, keys, without_case)
    await batch.open(without_case)
    await batch.judge_again(known)
    await batch.write()
