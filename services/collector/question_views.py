"""The question of a personal link for programs, made of what its page shows."""

from dataclasses import replace
from typing import Any

from services.collector.context import CollectorContext
from services.collector.domain import LinkTarget
from services.collector.forms import FormFault, SurveyForm
from services.collector.merging import GROUPS
from services.collector.question_schemas import (
    AskedOut,
    FormOut,
    FormWords,
    OptionOut,
    QuestionOut,
    ThanksOut,
)
from services.collector.question_words import (
    answered_words,
    before_words,
    changes_words,
    fault_words,
    occasion_words,
    question_words,
    thanks_lines,
    thanks_words,
)
from services.collector.survey_texts import time_zone_of
from services.collector.views import (
    SurveyPage,
    answered_page,
    form_of_answer,
    shown_answer,
    survey_page,
    thanks_page,
)
from shared.events.questions import QuestionKind
from shared.http.problems import Problem
from shared.http.validation_errors import FieldFault
from shared.pages.filters import isolated_text
from shared.pages.language import direction, rendering_for, translated


def question_out(context: CollectorContext, target: LinkTarget, path: str, language: str) -> QuestionOut:
    """What the link leads to now.

    :param path: of the link's page.
    """
    answer = target.scored_answer
    is_answered = answer is not None and answer.state == "sent"
    is_claimed = target.anonymous and target.answered_link is not None
    # The customer's only answer of an anonymous survey that has a name is final, too.
    is_closed = target.is_final or is_claimed or (target.anonymous and answer is not None)
    now = context.database.clock()
    with rendering_for(context.pages.reader(language, time_zone_of(target))):
        thanks = form = None
        if answer is not None and is_answered:
            url = None if is_closed else path
            page = thanks_page(context, target, answer, language, url, now)
            change = None if is_closed else translated("Change it")
            thanks = ThanksOut(words=thanks_words(page), lines=thanks_lines(page), change=change)
        elif is_claimed:
            words, lines = answered_words(answered_page(context, target, language))
            thanks = ThanksOut(words=words, lines=lines, change=None)
        if not is_closed:
            own = form_of_answer(context, target, language)
            form = _form_out(survey_page(context, target, own, path, now))
        return QuestionOut(
            state="open" if thanks is None else "answered",
            language=language,
            direction="rtl" if direction(language) == "rtl" else "ltr",
            close=translated("Close"),
            form=form,
            thanks=thanks,
            changeable_until=None if is_closed else target.amendable_until,
        )


def refusal(
    context: CollectorContext, target: LinkTarget, form: SurveyForm, faults: list[FormFault], path: str
) -> Problem:
    """Why a form was not taken, with the fields to post next time, and what another page has written."""
    in_conflict = "conflict" in faults
    can_be_sent_again = faults in (["nonce"], ["suspect"]) or in_conflict
    if in_conflict and not form.is_of_script:
        form = replace(form, shown=shown_answer(context, target))
    answer, now = target.scored_answer, context.database.clock()
    with rendering_for(context.pages.reader(form.language, time_zone_of(target))):
        page = survey_page(context, target, form, path, now, tuple(faults))
        elsewhere: dict[FormFault, str] = {}
        if in_conflict and answer is not None:
            elsewhere = {question.name: question.kept for question in page.questions}
            elsewhere |= {"comment": answer.comment or "", "follow_up": answer.follow_up or ""}
        errors = [
            FieldFault(field=f"/{fault}", detail=fault_words(fault, elsewhere.get(fault, "")))
            for fault in faults
        ]
    new = {name: value for name, value in _fields(page).items() if name in {"nonce", "drawn"}}
    return Problem(
        409 if can_be_sent_again else 422, errors[0]["detail"], errors=errors, members={"fields": new}
    )


def _form_out(page: SurveyPage) -> FormOut:
    company = isolated_text(page.company)
    return FormOut(
        occasion=occasion_words(page),
        upright=page.layout == "vertical",
        questions=[_scale(page), _reason(page), *_follow_ups(page), *_further(page), _consent(page)],
        words=FormWords(
            send=translated("Send"),
            saved=translated("Your score is saved: {score}."),
            unsaved=translated("Not saved yet. Press Send."),
            never=translated("Never ask me again"),
        ),
        notes=[
            changes_words(page),
            translated("Your answer goes to %(company)s only.") % {"company": company},
        ],
        max_text_length=page.max_text_length,
        never_path=page.unsubscribe_url,
        trap=page.honeypot,
        is_final_when_left=page.anonymous,
        fields=_fields(page),
    )


def _asked(name: str, kind: QuestionKind, words: str, **more: Any) -> AskedOut:
    """A question of all scores, without a reply."""
    usual: dict[str, Any] = {"hint": "", "options": [], "groups": GROUPS, "is_after": False, "given": []}
    return AskedOut(name=name, kind=kind, words=words, **{**usual, **more})


def _scale(page: SurveyPage) -> AskedOut:
    ends = {0: translated("Not at all likely"), 10: translated("Extremely likely")}
    options = [
        OptionOut(value=str(score), words=str(score), group=group, end=ends.get(score, ""))
        for score, group in page.scores
    ]
    given = [] if page.form.score is None else [str(page.form.score)]
    return _asked(
        "score", "score", question_words(page), hint=before_words(page), options=options, given=given
    )


def _reason(page: SurveyPage) -> AskedOut:
    words = page.own_texts.reason or translated("What is the primary reason for your score?")
    hint = translated("A sentence is plenty. Leave it empty if you like: your score counts either way.")
    return _asked("comment", "text", words, hint=hint, given=_text(page, "comment"))


def _follow_ups(page: SurveyPage) -> list[AskedOut]:
    """The question by outcome: one for each group that has one."""
    return [
        _asked(name, "text", words, groups=[group], given=_text(page, name))
        for group in GROUPS
        if (words := getattr(page.own_texts.follow_up, group)) and (name := f"follow_up_{group}")
    ]


def _further(page: SurveyPage) -> list[AskedOut]:
    """The survey's further questions; those of 0 to 10 stand as the scale does."""
    found: list[AskedOut] = []
    for question in page.questions:
        options = [
            OptionOut(value=value, words=words, opens=value in question.opening)
            for value, words in question.options
        ]
        if question.kind == "score" and page.layout == "vertical":
            options.reverse()
        several = question.kind == "several_of"
        found.append(
            _asked(
                question.name,
                question.kind,
                question.words,
                hint=translated("Choose as many as you like.") if several else "",
                options=options,
                groups=question.groups,
                is_after=bool(question.after),
                given=list(question.given),
            )
        )
    return found


def _consent(page: SurveyPage) -> AskedOut:
    words, no = translated("May we contact you about this?"), translated("No")
    if page.anonymous:
        words = translated("May we contact you about this? Then your answer carries your name.")
        no = translated("No, it stays anonymous")
    options = [OptionOut(value="yes", words=translated("Yes")), OptionOut(value="no", words=no)]
    given = [] if page.form.may_contact is None else ["yes" if page.form.may_contact else "no"]
    return _asked("may_contact", "yes_no", words, options=options, given=given)


def _text(page: SurveyPage, name: str) -> list[str]:
    return [text] if (text := page.form.texts.get(name, "")) else []


def _fields(page: SurveyPage) -> dict[str, str]:
    """The hidden fields of the form."""
    fields = {
        "nonce": page.nonce,
        "language": page.form.language,
        "drawn": page.form.shown.encode(),
        "page": page.form.page,
        "seq": str(page.form.seq),
        "touched": "",
        "layout": page.layout,
    }
    if page.questions:
        fields["asked"] = " ".join(question.id for question in page.questions)
    return {**fields, "secret": page.secret} if page.secret else fields
