"""The receipt of an answer, and its form: "no, it is not solved"."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from services.collector.answering import read_link
from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import LinkTarget
from services.collector.objecting import object_by_link
from services.collector.objections import ObjectionFault, ObjectionForm
from services.collector.outcomes import Ended
from services.collector.responses import NOT_INDEXED, no_question, respond
from services.collector.survey_texts import shown_language
from services.collector.views import receipt_page
from shared.http.routes import CheckedRoute

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)


@router.post("/s/{token}/not-solved")
async def object_to_closing(request: Request, token: str, context: OwnContext) -> Response:
    """Keep what the customer says of how it ended, and show the receipt; no GET does."""
    outcome = await object_by_link(request, context, read_link(context, request, token))
    if isinstance(outcome, Ended):
        return no_question(request, context, outcome)
    if outcome.fault is not None:
        return show_receipt(request, context, outcome.target, outcome.form, outcome.fault)
    language = shown_language(outcome.target, context.pages, outcome.form.language)
    query = urlencode({"lang": language} if language == outcome.form.language else {})
    return RedirectResponse(f"/s/{token}{query and '?'}{query}", 303, headers=NOT_INDEXED)


def show_receipt(
    request: Request,
    context: CollectorContext,
    target: LinkTarget,
    form: ObjectionForm,
    fault: ObjectionFault | None = None,
) -> Response:
    """The receipt alone, without the answer: of a link that has ended, and of a form with a fault."""
    language = shown_language(target, context.pages, form.language)
    token = request.path_params["token"]
    page = receipt_page(context, target, language, f"/s/{token}", form, fault)
    status = 200 if fault is None else 422 if fault == "words" else 409
    return respond(request, context, page, target, language, status)
