"""A survey's texts as one customer reads them: in which language, and with the placeholders filled."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import msgspec

from services.collector.domain import LinkTarget
from services.collector.merging import GROUPS
from shared.events import Question, QuestionTexts, SurveyTexts
from shared.events.nps import Group, group_of
from shared.events.placeholders import filled_texts, own_occasion
from shared.events.questions import Values
from shared.pages.environment import Pages
from shared.pages.language import first_available, rendering_for, translated
from shared.pages.placeholder_values import known_occasion, values_of
from shared.values.zones import known_zone


def available_languages(target: LinkTarget, pages: Pages) -> list[str]:
    """Every language of which there are texts: the product's own, and those of the survey."""
    own = target.survey.texts if target.survey else {}
    return sorted({*pages.customer_languages, *own})


def customer_language(target: LinkTarget, languages: Collection[str]) -> str:
    """The language of the answer, else of the invitation, else English: the first that is available."""
    answered = target.scored_answer.language if target.scored_answer else None
    wanted = [tag for tag in (answered, target.invitation.language) if tag]
    return first_available(wanted, languages)


def shown_language(target: LinkTarget, pages: Pages, wanted: str) -> str:
    """The wanted language if there are texts in it, else the customer's."""
    languages = available_languages(target, pages)
    return wanted if wanted in languages else customer_language(target, languages)


def time_zone_of(target: LinkTarget) -> str:
    """The customer's time zone, else the company's."""
    return known_zone(target.invitation.time_zone, target.tenant.time_zone)


def with_filled_texts(
    target: LinkTarget,
    language: str,
    pages: Pages,
    typed: Mapping[str, str] | None = None,
    replies: Values | None = None,
) -> LinkTarget:
    """The same target, with the survey's texts in this language filled.

    :param typed: texts of the form by field. A question that was replied to and that this language lacks is
        borrowed from another one, so that a change of language loses no reply.
    :param replies: to the further questions, of which the same holds.
    """
    if target.survey is None:
        return target
    texts = _filled(target, language, pages)
    borrowed = {
        group: _borrowed_question(target, group, pages)
        for group in GROUPS
        if (typed or {}).get(f"follow_up_{group}") and getattr(texts.follow_up, group) is None
    }
    texts = msgspec.structs.replace(texts, follow_up=msgspec.structs.replace(texts.follow_up, **borrowed))
    own = replace(
        target, survey=msgspec.structs.replace(target.survey, texts={**target.survey.texts, language: texts})
    )
    lacking = [
        question
        for question in target.questions
        if (replies or {}).get(question.id) and own.words_of(question, language) is None
    ]
    words = {question.id: _borrowed_words(target, question, pages) for question in lacking}
    if not words:
        return own
    found = {question: texts for question, texts in words.items() if texts is not None}
    texts = msgspec.structs.replace(texts, question_texts={**texts.questions, **found})
    survey = msgspec.structs.replace(target.survey, texts={**target.survey.texts, language: texts})
    return replace(target, survey=survey)


def occasion_and_day(target: LinkTarget, language: str, pages: Pages) -> tuple[str, str] | None:
    """What the survey is about, and the day of it; None when that is unknown, or it is about everything."""
    invitation, texts = target.invitation, target.texts(language)
    occasion = own_occasion(texts) or known_occasion(invitation.event_type, invitation.measurement)
    if occasion is None or invitation.occurred_at is None or invitation.measurement != "transactional":
        return None
    with rendering_for(pages.reader(language, time_zone_of(target))):
        values = _values(target, texts)
    return values["occasion"], values["day"]


def follow_up_group(target: LinkTarget, pages: Pages) -> Group | None:
    """The group under whose question the answer's reply to the follow-up is shown."""
    answer = target.scored_answer
    if answer is None or answer.score is None or not answer.follow_up:
        return None
    for language in (answer.language or target.invitation.language, target.invitation.language):
        questions = _filled(target, language, pages).follow_up
        for group in GROUPS:
            if getattr(questions, group) == answer.follow_up_question:
                return group
    return group_of(answer.score)


def _filled(target: LinkTarget, language: str, pages: Pages) -> SurveyTexts:
    texts = target.texts(language)
    with rendering_for(pages.reader(language, time_zone_of(target))):
        filled = filled_texts(texts, _values(target, texts))
        standard = {"yes": translated("Yes"), "no": translated("No")}
    # The words of what is chosen are kept with it: also those that no survey writes.
    yes_no = {question.id for question in target.questions if question.kind == "yes_no"}
    words = {
        id_: msgspec.structs.replace(each, options=standard) if id_ in yes_no else each
        for id_, each in filled.questions.items()
    }
    return msgspec.structs.replace(filled, question_texts=words)


def _values(target: LinkTarget, texts: SurveyTexts) -> dict[str, str]:
    invitation = target.invitation
    return values_of(
        texts,
        company=target.tenant.name,
        measurement=invitation.measurement,
        event_type=invitation.event_type,
        occurred_at=invitation.occurred_at,
        touchpoint=invitation.touchpoint,
    )


def _borrowed_question(target: LinkTarget, group: Group, pages: Pages) -> str | None:
    survey = target.survey
    for language in (target.invitation.language, *(sorted(survey.texts) if survey else ())):
        question: str | None = getattr(_filled(target, language, pages).follow_up, group)
        if question is not None:
            return question
    return None


def _borrowed_words(target: LinkTarget, question: Question, pages: Pages) -> QuestionTexts | None:
    survey = target.survey
    for language in (target.invitation.language, *(sorted(survey.texts) if survey else ())):
        if target.words_of(question, language) is not None:
            return _filled(target, language, pages).questions.get(question.id)
    return None
