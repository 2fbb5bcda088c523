"""The responses to customers: pages, and what their script gets; none of them is indexed."""

from dataclasses import replace
from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from services.collector.context import CollectorContext
from services.collector.domain import LinkTarget
from services.collector.forms import FormFault, SurveyForm
from services.collector.merging import MergeResult, shown_after
from services.collector.objections import ObjectionForm
from services.collector.outcomes import Ended
from services.collector.survey_texts import time_zone_of
from services.collector.suspicion import Post, signs_left, signs_of
from services.collector.views import RELOAD_INTERVAL_S, LinkGonePage, OneMomentPage, shown_answer, survey_page
from services.collector.visits import EARLY
from shared.events.answers import MachineSign
from shared.pages.page import Frame, Page

NOT_INDEXED = {"X-Robots-Tag": "noindex, nofollow"}


def respond(
    request: Request,
    context: CollectorContext,
    page: Page,
    target: LinkTarget | None = None,
    language: str | None = None,
    status_code: int = 200,
) -> Response:
    """A page for the customer; without a target in the language of the browser."""
    frame = Frame()
    if target is not None:
        shown = target.tenant.in_survey(neutral=target.survey is not None and target.survey.neutral)
        frame = Frame(time_zone=time_zone_of(target), accent=shown.accent)
    response = context.pages.page(request, page, frame=frame, status_code=status_code, speak=language)
    response.headers.update(NOT_INDEXED)
    return response


def gone(request: Request, context: CollectorContext) -> Response:
    """The page of every link that cannot be answered."""
    return respond(request, context, LinkGonePage(), status_code=404)


def no_question(request: Request, context: CollectorContext, ended: Ended) -> Response:
    """The page in place of the question: the link is gone, or its invitation is not here yet."""
    if ended.status == "gone":
        return gone(request, context)
    response = respond(request, context, OneMomentPage(), status_code=503)
    response.headers["Retry-After"] = str(RELOAD_INTERVAL_S)
    return response


def posted_signs(
    request: Request, context: CollectorContext, target: LinkTarget, form: SurveyForm | ObjectionForm
) -> tuple[MachineSign, ...]:
    """What speaks for a machine in a posted form. Answers to tests never count, so nothing is judged."""
    if target.invitation.test:
        return ()
    now = context.database.clock()
    mails, rendered_at = target.invitation.mails, context.nonce.made_at(form.nonce)
    if target.anonymous and rendered_at is not None and now >= rendered_at + EARLY:
        # Such a post is refused, not held: a person who took their time waits for no event of ours.
        mails = replace(mails, is_expected=False)
    post = Post(
        agent=request.headers.get("user-agent", ""),
        trapped=form.trapped,
        touched=form.touched,
        is_timed=form.is_timed,
        rendered_at=rendered_at,
        mails=mails,
    )
    return signs_of(post, now)


def signs_against(
    request: Request, context: CollectorContext, target: LinkTarget, form: SurveyForm | ObjectionForm
) -> tuple[MachineSign, ...]:
    """For which of the signs a form comes back that cannot be held."""
    is_send = not isinstance(form, SurveyForm) or form.action == "send"
    return signs_left(
        posted_signs(request, context, target, form),
        touched=form.touched is True,
        pressed_again=is_send and context.nonce.is_second(form.nonce, target.invitation.id),
    )


def refuse(
    request: Request, context: CollectorContext, target: LinkTarget, form: SurveyForm, faults: list[FormFault]
) -> Response:
    """The form again. In a conflict both texts are shown, and the next Send decides."""
    can_be_sent_again = faults in (["nonce"], ["suspect"]) or "conflict" in faults
    status: Literal[409, 422] = 409 if can_be_sent_again else 422
    if form.is_of_script:
        return not_saved(status)
    if "conflict" in faults:
        form = replace(form, shown=shown_answer(context, target))
    return show_form(request, context, target, form, tuple(faults), status)


def show_form(
    request: Request,
    context: CollectorContext,
    target: LinkTarget,
    form: SurveyForm,
    faults: tuple[FormFault, ...] = (),
    status_code: int = 200,
) -> Response:
    """The question, filled in as the form is."""
    page = survey_page(context, target, form, request.url.path, context.database.clock(), faults)
    return respond(request, context, page, target, form.language, status_code)


def saved(target: LinkTarget, form: SurveyForm, merged: MergeResult) -> Response:
    """For the page's script: the saved score, and what its page shows of the answer from now on."""
    answer = target.answer
    assert answer is not None  # noqa: S101  (for the type checker: it was written now or before)
    shown = shown_after(answer, form.posted()).encode()
    return JSONResponse(
        {"saved": answer.score, "drawn": shown, "conflict": bool(merged.conflicts)}, headers=NOT_INDEXED
    )


def not_saved(status_code: int) -> Response:
    """For the page's script: nothing was saved."""
    return JSONResponse({"saved": None}, status_code, headers=NOT_INDEXED)
