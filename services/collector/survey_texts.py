"""A survey's words as one customer reads them: in which language, and with the placeholders filled."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import msgspec

from services.collector.domain import LinkTarget
from services.collector.merging import GROUPS
from shared.events import SurveyTexts
from shared.events.nps import Group, group_of
from shared.events.placeholders import filled_texts, own_occasion
from shared.pages.environment import Pages
from shared.pages.language import SOURCE, read_by
from shared.pages.placeholder_values import known_occasion, values_of
from shared.values.languages import widening
from shared.values.zones import known_zone


def available_languages(found: LinkTarget, pages: Pages) -> list[str]:
    """Every language in which there are words: ours, and those that the survey has of its own."""
    own = found.survey.texts if found.survey else {}
    return sorted({*pages.languages, *own})


def customer_language(found: LinkTarget, languages: Collection[str]) -> str:
    """The language that was answered in, else the invitation's, as far as there are words in it."""
    answered = found.answer.language if found.answer else None
    wished = [tag for tag in (answered, found.asked.language) if tag]
    known = [each for tag in wished for each in widening(tag) if each in languages]
    return known[0] if known else SOURCE


def time_zone_of(found: LinkTarget) -> str:
    """The customer's time zone, else the company's."""
    return known_zone(found.asked.time_zone, found.tenant.time_zone)


def with_filled_texts(found: LinkTarget, language: str, pages: Pages, typed: Mapping[str, str]) -> LinkTarget:
    """The same with the survey's words filled, for a page in this language.

    A follow-up question that this language does not have is borrowed from another one when something was
    ``typed`` to it, so that another language takes nothing away.
    """
    if found.survey is None:
        return found
    texts = _filled(found, language, pages)
    follow_up = texts.follow_up
    for outcome in GROUPS:
        if typed.get(f"follow_up_{outcome}") and getattr(follow_up, outcome) is None:
            follow_up = msgspec.structs.replace(follow_up, **{outcome: _borrowed(found, outcome, pages)})
    texts = msgspec.structs.replace(texts, follow_up=follow_up)
    survey = msgspec.structs.replace(found.survey, texts={**found.survey.texts, language: texts})
    return replace(found, survey=survey)


def occasion_and_day(found: LinkTarget, language: str, pages: Pages) -> tuple[str, str] | None:
    """What the survey is about, and the day of that; None when nothing tells, or it is about everything."""
    asked, texts = found.asked, found.texts(language)
    told = own_occasion(texts) or known_occasion(asked.event_type, asked.measurement)
    if told is None or asked.occurred_at is None or asked.measurement == "relational":
        return None
    with read_by(pages.reader(language, time_zone_of(found))):
        values = _values(found, texts)
    return values["occasion"], values["day"]


def follow_up_group(found: LinkTarget, pages: Pages) -> Group | None:
    """To the question of which outcome the answer's follow-up was written."""
    answer = found.scored
    if answer is None or answer.score is None or not answer.follow_up:
        return None
    for language in (answer.language or found.asked.language, found.asked.language):
        questions = _filled(found, language, pages).follow_up
        for outcome in GROUPS:
            if getattr(questions, outcome) == answer.follow_up_question:
                return outcome
    return group_of(answer.score)


def _filled(found: LinkTarget, language: str, pages: Pages) -> SurveyTexts:
    texts = found.texts(language)
    with read_by(pages.reader(language, time_zone_of(found))):
        return filled_texts(texts, _values(found, texts))


def _values(found: LinkTarget, texts: SurveyTexts) -> dict[str, str]:
    asked = found.asked
    return values_of(
        texts,
        company=found.tenant.name,
        measurement=asked.measurement,
        event_type=asked.event_type,
        occurred_at=asked.occurred_at,
        touchpoint=asked.touchpoint,
    )


def _borrowed(found: LinkTarget, outcome: Group, pages: Pages) -> str | None:
    survey = found.survey
    for language in (found.asked.language, *(sorted(survey.texts) if survey else ())):
        question: str | None = getattr(_filled(found, language, pages).follow_up, outcome)
        if question is not None:
            return question
    return None
