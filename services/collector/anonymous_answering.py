"""What becomes of a form that is posted by the link of an anonymous survey.

A post that could be a machine's is not taken: nobody could find the answer to judge it. The page comes back,
and a person presses Send once more.

Two rules keep the answer apart from its customer. A link's claim and an answer are written in two
transactions (one would leave its number on both rows), and no lock is taken on the invitation's row (it would
stay there as a mark). Nothing else is written of a visit: no intent, no ``clicked``, no history.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import Request

from services.collector.anonymous import (
    AnswerKeys,
    anonymous_answer_after,
    is_claimed_by,
    target_of_nobody,
)
from services.collector.context import CollectorContext
from services.collector.domain import LinkTarget, answer_after, link_status
from services.collector.forms import SurveyForm, read_form
from services.collector.merging import MergeResult, merge, sole_writer
from services.collector.outcomes import AskedAgain, Faulty, Outcome, Settled, Written
from services.collector.repository import anonymous, answers, links
from services.collector.responses import signs_against
from services.collector.survey_texts import available_languages, customer_language, with_filled_texts
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.values.zones import zone_of


async def answer_anonymous_survey(
    request: Request, context: CollectorContext, target: LinkTarget, fields: Any
) -> Outcome:
    """Accept the form, as it grows or when it is final."""
    languages = available_languages(target, context.pages)
    language = customer_language(target, languages)
    form = read_form(fields, languages, language, target.questions)
    invitation_id = target.invitation.id
    keys = context.page_secrets.read(form.secret, invitation_id)
    if target.scored_answer is None and (target.answered_link is None or _is_own(target, keys)):
        if form.action == "language":
            return AskedAgain(target, form)
        faults = form.faults()
        if keys is None or not context.nonce.is_valid(form.nonce, invitation_id, context.database.clock()):
            faults.append("nonce")
        elif not faults and signs_against(request, context, target, form):
            faults.append("suspect")
        if faults or keys is None:
            return Faulty(target, form, faults)
        async with context.invitation_locks.acquire(str(keys.answer_id)):
            if await _claim(context, target, keys):
                if form.action == "send" and form.may_contact:
                    await _write_with_name(context, invitation_id, form, keys)
                elif (written := await _write(context, target, form, keys)) is not None:
                    return Written(*written, language)
    return Settled(form, language)


def _is_own(target: LinkTarget, keys: AnswerKeys | None) -> bool:
    return keys is not None and is_claimed_by(target, keys)


async def _claim(context: CollectorContext, target: LinkTarget, keys: AnswerKeys) -> bool:
    """Whether the link is this page's: it was the first that answered."""
    if target.answered_link is not None:
        return is_claimed_by(target, keys)
    tenant = target.tenant
    async with context.database.transaction() as uow:
        day = uow.now.astimezone(zone_of(tenant.time_zone)).date()
        return await anonymous.claim_link(uow, tenant.id, target.invitation.id, day, keys.claim)


async def _write(
    context: CollectorContext, target: LinkTarget, form: SurveyForm, keys: AnswerKeys
) -> tuple[LinkTarget, SurveyForm, MergeResult] | None:
    """Write the answer without a person, and publish it when it is final: then it never changes again.

    Returns what is shown to who goes on writing; None: the form was the last one, or came too late.
    """
    tenant = target.tenant.id
    async with context.database.transaction() as uow:
        known, last_write = await anonymous.lock_answer(uow, tenant, keys.answer_id)
        if known is not None and known.state == "sent":
            return None
        own = replace(target_of_nobody(target, keys.answer_id, known, uow.now), last_write=last_write)
        merged = merge(own, form.posted())
        if not merged.overtaken or form.is_final:
            as_asked = with_filled_texts(own, form.language, context.pages, form.texts, form.replies)
            answer = anonymous_answer_after(as_asked, merged.submitted, uow.now, final=form.is_final)
            if answer is not None:
                writer = sole_writer(answer, form.posted())
                await answers.put_answers(uow, tenant, [answer], writer)
                own = replace(own, answer=answer, last_write=writer)
                if answer.state == "sent":
                    uow.publish(ANSWERS, tenant, answer)
    return (own, form, merged) if form.is_of_script else None


async def _write_with_name(
    context: CollectorContext, invitation_id: UUID, form: SurveyForm, keys: AnswerKeys
) -> None:
    """Write the answer of a customer who asks to be contacted, as in any other survey.

    What was saved of it without a name was never published, and is deleted.
    """
    async with context.database.transaction() as uow:
        await links.lock_invitation(uow, invitation_id)
        target = await links.find_link_target(uow, invitation_id)
        if target is None or link_status(invitation_id, target, uow.now) != "open":
            return  # erased since the page was read
        if target.scored_answer is not None:
            return
        known, _ = await anonymous.lock_answer(uow, target.tenant.id, keys.answer_id)
        if known is not None and known.state == "sent":
            return
        await anonymous.delete_answer(uow, target.tenant.id, keys.answer_id)
        await _put_named(uow, context, target, form)


async def _put_named(
    uow: UnitOfWork, context: CollectorContext, target: LinkTarget, form: SurveyForm
) -> None:
    merged = merge(target, form.posted())
    as_asked = with_filled_texts(target, form.language, context.pages, form.texts, form.replies)
    answer = answer_after(as_asked, merged.submitted, uow.now)
    if answer is not None:
        await answers.put_answers(uow, target.tenant.id, [answer], sole_writer(answer, form.posted()))
        uow.publish(ANSWERS, target.tenant.id, answer)
