"""The customer's page of an anonymous survey."""

from fastapi import Request
from fastapi.responses import Response

from services.collector.context import CollectorContext
from services.collector.domain import LinkTarget, parse_score
from services.collector.forms import SurveyForm
from services.collector.responses import respond, show_form
from services.collector.survey_texts import shown_language
from services.collector.views import answered_page, thanks_page


def show_anonymous_survey(request: Request, context: CollectorContext, target: LinkTarget) -> Response:
    """The question; once it was answered, that it was. Only an answer with a name is shown again."""
    query = request.query_params
    language = shown_language(target, context.pages, query.get("lang", ""))
    if target.scored_answer is not None:
        now = context.database.clock()
        page = thanks_page(context, target, target.scored_answer, language, None, now)
        return respond(request, context, page, target, language)
    if target.answered_link is not None:
        return respond(request, context, answered_page(context, target, language), target, language)
    return show_form(request, context, target, SurveyForm(language, score=parse_score(query.get("v"))))
