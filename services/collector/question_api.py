"""``/s/{token}/question``: the question of a personal link for the script in a company's page, and for apps.

It is the page's: the same visits, the same form and the same rules, and only what is sent back differs.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.collector.answering import answer_link, follow_link, look_again, read_link
from services.collector.context import CollectorContext, OwnContext
from services.collector.domain import LinkTarget
from services.collector.merging import shown_after
from services.collector.outcomes import AskedAgain, Ended, Faulty, Settled, Written
from services.collector.question_schemas import QuestionOut, TakenOut
from services.collector.question_views import question_out, refusal
from services.collector.responses import NOT_INDEXED
from services.collector.survey_texts import shown_language
from services.collector.views import RELOAD_INTERVAL_S
from shared.http.cross_origin import CrossOriginRoute
from shared.http.problems import Problem
from shared.values.messages import message

router = APIRouter(tags=["questions"], route_class=CrossOriginRoute)
PATH = "/s/{token}/question"
LinkToken = Annotated[str, Path(description="The last part of the link.")]
FORM_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["action", "score", "nonce"],
                    "properties": {
                        "action": {
                            "enum": ["keep", "send", "close"],
                            "description": "`keep`: as the form grows; `send`: the customer pressed Send; "
                            "`close`: an anonymous survey is left for good.",
                        },
                        "score": {"type": "integer", "minimum": 0, "maximum": 10},
                        "comment": {"type": "string"},
                        "may_contact": {"enum": ["yes", "no"]},
                    },
                    "additionalProperties": {"type": "string"},
                }
            }
        },
    }
}


@router.get(PATH, summary="Get the question of a personal link")
async def get_question(
    request: Request,
    token: LinkToken,
    context: OwnContext,
    response: Response,
    lang: Annotated[str, Query(description="Where there are texts in it; else the customer's.")] = "",
) -> QuestionOut:
    """The question in the customer's language, as far as it was answered. It counts as a visit, and never as
    an answer.

    404: the link leads nowhere, any more or ever. 503: its invitation is not here yet; Retry-After says when
    to ask again.
    """
    target = await follow_link(request, context, read_link(context, request, token), None)
    if isinstance(target, Ended):
        raise _no_question(target)
    response.headers.update(NOT_INDEXED)
    return _question(context, target, token, lang)


@router.post(PATH, summary="Answer the question of a personal link", openapi_extra=FORM_BODY)
async def post_question(
    request: Request, token: LinkToken, context: OwnContext, response: Response
) -> TakenOut:
    """Post the form as it stands, with the `fields` of the question: as it grows, and when it is sent.

    Only a person may have pressed what it says; an answer with signs of a machine counts nowhere until it was
    judged. 409 and 422 say what to do in `errors`, and have the `fields` to post next time.
    """
    link = read_link(context, request, token)
    outcome = await answer_link(request, context, link)
    response.headers.update(NOT_INDEXED)
    match outcome:
        case Ended():
            raise _no_question(outcome)
        case Faulty(target, form, faults):
            raise refusal(context, target, form, faults, f"/s/{token}")
        case Written(target, form, merged) if form.is_of_script:
            answer = target.answer
            assert answer is not None  # noqa: S101  (for the type checker: it was written now or before)
            shown = {"drawn": shown_after(answer, form.posted()).encode()}
            return TakenOut(saved=answer.score, conflict=bool(merged.conflicts), fields=shown, question=None)
        case AskedAgain(target, form):
            question = _question(context, target, token, form.language)
            return TakenOut(saved=None, conflict=False, fields={}, question=question)
        case Written(form=form) | Settled(form=form):
            if form.is_of_script:
                raise Problem(409)
            # What is shown is read anew: the answer may have been given elsewhere.
            seen = await look_again(context, link, form.page)
            if isinstance(seen, Ended):
                raise _no_question(seen)
            answer, question = seen.scored_answer, _question(context, seen, token, form.language)
            score = answer.score if answer is not None else None
            return TakenOut(saved=score, conflict=False, fields={}, question=question)


def _question(context: CollectorContext, target: LinkTarget, token: str, wanted: str) -> QuestionOut:
    language = shown_language(target, context.pages, wanted)
    return question_out(context, target, f"/s/{token}", language)


def _no_question(ended: Ended) -> Problem:
    if ended.status == "gone":
        return Problem(404, message("This link no longer works. Thank you all the same."))
    return Problem(503, message("One moment…"), headers={"Retry-After": str(RELOAD_INTERVAL_S)})
