"""The customer's page: ``/s/{token}``."""

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.collector.anonymous_pages import show_anonymous_survey
from services.collector.answering import answer_link, follow_link, read_link
from services.collector.context import OwnContext
from services.collector.domain import parse_score
from services.collector.forms import SurveyForm
from services.collector.objections import ObjectionForm
from services.collector.outcomes import AskedAgain, Ended, Faulty, Settled, Written
from services.collector.receipt_pages import show_receipt
from services.collector.responses import (
    NOT_INDEXED,
    no_question,
    not_saved,
    refuse,
    respond,
    saved,
    show_form,
)
from services.collector.survey_texts import shown_language
from services.collector.views import form_of_answer, thanks_page
from shared.http.routes import CheckedRoute

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.get("/s/{token}")
async def show_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Show the question, the thanks, or that the link is gone; record the visit, but never an answer."""
    query = request.query_params
    score = parse_score(query.get("v"))
    target = await follow_link(request, context, read_link(context, request, token), score)
    if isinstance(target, Ended) and target.receipt is not None:
        return show_receipt(request, context, target.receipt, ObjectionForm(language=query.get("lang", "")))
    if isinstance(target, Ended):
        return no_question(request, context, target)
    if target.anonymous:
        return show_anonymous_survey(request, context, target)
    language = shown_language(target, context.pages, query.get("lang", ""))
    answer = target.scored_answer
    wants_change = score is not None or "change" in query
    if answer is not None and answer.state == "sent" and (target.is_final or not wants_change):
        page = thanks_page(context, target, answer, language, request.url.path, context.database.clock())
        return respond(request, context, page, target, language)
    form = form_of_answer(context, target, language)
    return show_form(request, context, target, form if score is None else replace(form, score=score))


@router.post("/s/{token}")
async def answer_survey(request: Request, token: str, context: OwnContext) -> Response:
    """Accept the form, as it grows or when it is sent; a form with faults comes back as it was filled in."""
    outcome = await answer_link(request, context, read_link(context, request, token))
    match outcome:
        case Ended():
            return no_question(request, context, outcome)
        case AskedAgain(target, form):
            return show_form(request, context, target, form)
        case Faulty(target, form, faults):
            return refuse(request, context, target, form, faults)
        case Written(target, form, merged, language, seen_by):
            if form.is_of_script:
                return saved(target, form, merged)
            return _seen_again(request, form, language, seen_by)
        case Settled(form, language):
            return not_saved(409) if form.is_of_script else _seen_again(request, form, language)


def _seen_again(request: Request, form: SurveyForm, language: str, page: str = "") -> Response:
    """To the page of the answer, in the language of the form.

    :param page: the id of the page that posted it, where it alone may see the answer.
    """
    said = {"page": page, "lang": "" if form.language == language else form.language}
    query = urlencode({name: value for name, value in said.items() if value})
    return RedirectResponse(f"{request.url.path}{query and '?'}{query}", 303, headers=NOT_INDEXED)
