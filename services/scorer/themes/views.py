"""What the page of themes shows in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple
from urllib.parse import urlencode

from services.scorer.asked_days import AskedDays
from services.scorer.day_choice import DayChoice
from services.scorer.themes import labels
from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.forms import FORM_LANGUAGES, SUGGESTION_SEPARATOR, ThemesForm
from services.scorer.themes.found_views import ProposalsView
from services.scorer.themes.impact import ThemeFigures, ThemeOrder, ordered
from services.scorer.themes.model_views import ModelView
from services.scorer.themes.quality_words import quality_words
from services.scorer.themes.reading import CommentQuery, SuggestedWord
from services.scorer.themes.repository import ThemeComment
from services.scorer.themes.trials import Trial
from services.scorer.themes.why import ThemeLine, names_of, theme_lines
from services.scorer.windows import Window
from shared.pages.cause_labels import cause_options
from shared.pages.filters import segment_name, thousands
from shared.pages.language import counted, native_name, translated
from shared.pages.page import Page

WINDOW_OPTIONS_DAYS = (30, 90, 365)


class TriedLine(NamedTuple):
    """What a theme of a draft finds."""

    name: str
    n: str
    named: str
    examples: tuple[ThemeComment, ...]


class SuggestionButton(NamedTuple):
    """A word that may be added."""

    value: str
    word: str
    language: str
    """In its own name."""
    lang: str
    used: str


@dataclass(frozen=True, kw_only=True)
class TriedView:
    """What a draft would find."""

    finding: str
    lines: list[TriedLine]
    uncovered: tuple[ThemeComment, ...]


@dataclass(frozen=True, kw_only=True)
class ThemesPage(Page):
    """The themes of a company: what they are linked with, and their stems."""

    template: ClassVar[str] = "themes.html"

    place: str
    """The segment whose comments are counted; empty: the company."""
    segment: str
    """As it is written in an address; empty: the address named none."""
    day_choice: DayChoice
    day_parameters: dict[str, str]
    """By which the address asked for the days; the form of the stems keeps them."""
    measurement: str
    measurement_options: list[tuple[str, str]]
    finding: str
    lines: list[ThemeLine]
    order: ThemeOrder
    frequency_href: str
    impact_href: str
    file_href: str
    """Of the figures; empty: there are none that the reader may see."""
    document_href: str
    coverage: str
    quality: str
    """How far the themes that we ship agree with a reader."""
    waiting: str
    may_edit: bool
    whole_company: bool
    """Whether the reader may save: who is limited to segments may only try."""
    form: ThemesForm
    faults: dict[str, str]
    causes: list[tuple[str, str, list[tuple[str, str]]]]
    languages: list[tuple[str, str]]
    suggestions: list[SuggestionButton]
    add_options: list[tuple[str, str]]
    """The themes to which a word may be added."""
    tried: TriedView | None
    proposals: ProposalsView
    model: ModelView
    is_admin: bool
    """Whether the reader may let comments be sent to a model, unless they are limited to segments."""
    refusal: str
    confirmation: str


def tried_view(trial: Trial) -> TriedView:
    """What a draft would find."""
    words = counted(
        "Tried on %(n)s comment: %(covered)s names a theme, %(uncovered)s none.",
        "Tried on %(n)s comments: %(covered)s name a theme, %(uncovered)s none.",
        trial.comments,
    )
    facts = {
        "n": thousands(trial.comments),
        "covered": thousands(trial.comments - trial.uncovered),
        "uncovered": thousands(trial.uncovered),
    }
    lines = [
        TriedLine(labels.theme_name(each.theme), thousands(each.n), thousands(each.detractors), each.examples)
        for each in trial.themes
    ]
    return TriedView(
        finding=words % facts
        if trial.comments
        else translated("There is no comment in these days to try it on."),
        lines=lines,
        uncovered=trial.uncovered_examples,
    )


def coverage_words(figures: ThemeFigures) -> str:
    """How many comments name a theme."""
    if not figures.wrote.n:
        return ""
    words = counted(
        "%(covered)s of %(n)s comment names a theme.",
        "%(covered)s of %(n)s comments name a theme.",
        figures.wrote.n,
    )
    return words % {"covered": thousands(figures.covered.n), "n": thousands(figures.wrote.n)}


def suggestion_buttons(words: Sequence[SuggestedWord]) -> list[SuggestionButton]:
    """The words of the languages in which the page offers to write."""
    return [
        SuggestionButton(
            value=f"{each.language}{SUGGESTION_SEPARATOR}{each.word.word}",
            word=each.word.word,
            language=native_name(each.language),
            lang=each.language,
            used=counted("%(n)s comment", "%(n)s comments", each.word.here)
            % {"n": thousands(each.word.here)},
        )
        for each in words
        if each.language in FORM_LANGUAGES
    ]


def measurement_options() -> list[tuple[str, str]]:
    """Which answers the page may tell of."""
    return [
        ("transactional", translated("after a purchase or a contact")),
        ("relational", translated("asked at any time")),
    ]


def themes_page(
    *,
    proposals: ProposalsView,
    model: ModelView,
    is_admin: bool,
    themes: ThemeSet,
    query: CommentQuery | None,
    figures: ThemeFigures,
    order: ThemeOrder,
    frequency_href: str,
    impact_href: str,
    words: Sequence[SuggestedWord],
    asked_days: AskedDays,
    window: Window,
    measurement: str,
    segment: str,
    form: ThemesForm,
    faults: dict[str, str],
    trial: Trial | None,
    may_edit: bool,
    whole_company: bool,
    refusal: str,
    confirmation: str,
) -> ThemesPage:
    """The page.

    :param query: None: there are no comments that the reader may see.
    :param order: of the table.
    """
    names, file_href, document_href = names_of(themes), "", ""
    if query is not None:
        days = asked_days.parameters or {"window": f"{query.window.days}d"}
        asked: dict[str, str] = {"measurement": query.measurement, **days}
        if query.selection.segments:
            (asked["segment"],) = query.selection.segments
        if order != "frequency":
            asked["order"] = order
        file_href, document_href = (
            f"/v1/themes/figures{form}?{urlencode(asked)}" for form in ("/export", "")
        )
    new = translated("The new theme")
    return ThemesPage(
        place=", ".join(map(segment_name, query.selection.segments)) if query is not None else "",
        segment=segment,
        day_choice=DayChoice.of(asked_days, window, WINDOW_OPTIONS_DAYS),
        day_parameters=asked_days.parameters,
        measurement=measurement,
        measurement_options=measurement_options(),
        finding=labels.finding(figures, names),
        lines=theme_lines(ordered(figures, order), themes),
        order=order,
        frequency_href=frequency_href,
        impact_href=impact_href,
        file_href=file_href,
        document_href=document_href,
        coverage=coverage_words(figures),
        quality=quality_words(themes),
        waiting=labels.waiting_words(figures.waiting),
        may_edit=may_edit,
        whole_company=whole_company,
        form=form,
        faults=faults,
        causes=cause_options(),
        languages=[(language, native_name(language)) for language in FORM_LANGUAGES],
        suggestions=suggestion_buttons(words),
        add_options=[(str(each.number), each.name or new) for each in form.themes],
        proposals=proposals,
        model=model,
        is_admin=is_admin,
        tried=tried_view(trial) if trial is not None else None,
        refusal=refusal,
        confirmation=confirmation,
    )
