"""Which pages may be saved, and an address as it is kept: checked by the page's own readers.

A window of so many days stays one, so a saved view moves with the days. What is typed to search (words of a
comment, names) is left out, since it may name a customer, and so is the place in a list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter, ValidationError, validate_call

from services.scorer.access import SegmentAccess
from services.scorer.amendments.reading import choice_parameters, read_choice, read_chosen_window
from services.scorer.asked_days import AskedDays
from services.scorer.comparisons.addresses import address_of
from services.scorer.comparisons.comparison_query import comparison_parameters, read_comparison_query
from services.scorer.comparisons.domain import NotComparable
from services.scorer.drivers.driver_query import driver_parameters, read_driver_query
from services.scorer.gap.gap_query import gap_parameters, read_gap_query
from services.scorer.parameters import MAX_SELECTED_SEGMENTS, read_segment
from services.scorer.responses.api import asked_responses
from services.scorer.responses.domain import MAX_WINDOW_DAYS as MAX_RESPONSE_DAYS
from services.scorer.score_query import CHOICES, ScoreQuery, query_days
from services.scorer.segments_page import SegmentOrder
from services.scorer.themes.pages import ThemePageQuery
from services.scorer.unbegged.api import asked_unbegged
from shared.http.problems import Problem
from shared.values.messages import Count, Message, message

MAX_ADDRESS_CHARS = 8_000
MAX_PARAMETERS = 200
MAX_TEXT_CHARS = 200
"""Of a parameter that is no segment."""
SEGMENT_NAMES = frozenset({"segment", "with", "path", "touchpoint"})
DAY_NAMES = ("window", "until", "from", "to")
SEVERAL = frozenset({"segment"})
"""May stand in an address more than once."""
WRONG_QUERY = message("The page does not open with these parameters. Open it, and save it from there.")

GivenParameters = Mapping[str, list[str]]


class NotSavable(Exception):
    """No page of figures has this address. The remedy says what is wrong."""

    def __init__(self, remedy: Message | str) -> None:
        super().__init__(str(remedy))
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class SavablePage:
    """A page whose address may be saved."""

    names: tuple[str, ...]
    """Of its parameters that are kept."""
    check: Callable[[GivenParameters, date], object]
    """Reads them as the page does.

    :raises Problem: 422.
    :raises ValidationError: when a parameter is none of those that the page takes.
    :raises NotComparable: when the page would refuse them with a reason.
    """


def _plain(given: GivenParameters) -> dict[str, Any]:
    """Each parameter with its value, the segments with all of theirs."""
    return {name: values if name in SEVERAL else values[-1] for name, values in given.items()}


def _pop_days(parameters: dict[str, Any]) -> AskedDays:
    """The days, as a page reads them; the parameters are left without them."""
    window, until, first, last = (parameters.pop(name, "") for name in DAY_NAMES)
    return AskedDays(window=window, until=until, first=first, last=last).of_form


_score_query: TypeAdapter[ScoreQuery] = TypeAdapter(ScoreQuery)
_theme_query: TypeAdapter[ThemePageQuery] = TypeAdapter(ThemePageQuery)
_choices = validate_call(choice_parameters)
_compared = validate_call(comparison_parameters)
_responses = validate_call(asked_responses)
_drivers = validate_call(driver_parameters)
_gap = validate_call(gap_parameters)
_unbegged = validate_call(asked_unbegged)


def _query_of(given: GivenParameters) -> ScoreQuery:
    parameters = _plain(given)
    segments = parameters.pop("segment", None)
    choices = _choices(**{name: parameters.pop(name) for name in CHOICES if name in parameters})
    days = _pop_days(parameters)
    query = _score_query.validate_python(parameters)
    return replace(
        query,
        **query_days(days),
        choices=choices,
        path=read_segment(query.path),
        touchpoint=read_segment(query.touchpoint),
        segments=None if segments is None else tuple(filter(None, map(read_segment, segments))),
    )


def _check_scores(given: GivenParameters, today: date) -> None:
    query = _query_of(given)
    # A moment of today's is there for whoever opens the view, at the latest tomorrow.
    choice = read_choice(query.choices, "UTC", datetime.combine(today + timedelta(days=1), time(), UTC))
    read_chosen_window(query.window, query.until or "", query.first, query.last, choice, today)


def _check_segments(given: GivenParameters, today: date) -> None:
    if len(given.get("segment", ())) > MAX_SELECTED_SEGMENTS:
        raise NotSavable(WRONG_QUERY)
    if given.get("sort", ["score"])[-1] not in get_args(SegmentOrder):
        raise NotSavable(WRONG_QUERY)
    _check_scores(_of_scores(given), today)


def _check_comparison(given: GivenParameters, today: date) -> None:
    read_comparison_query(_compared(**_plain(given)), today, from_form=True).check()


def _check_responses(given: GivenParameters, today: date) -> None:
    parameters = _plain(given)
    if "segment" in parameters:
        parameters["segment"] = parameters["segment"][-1]
    days = _pop_days(parameters)
    _responses(days=days, **parameters)
    days.read(today, most=MAX_RESPONSE_DAYS)


def _check_drivers(given: GivenParameters, today: date) -> None:
    read_driver_query(_drivers(**_last_of_each(given)), today)


def _check_gap(given: GivenParameters, today: date) -> None:
    read_gap_query(_gap(**_last_of_each(given)), today)


def _check_unbegged(given: GivenParameters, today: date) -> None:
    parameters = _last_of_each(given)
    days = _pop_days(parameters)
    _unbegged(days=days, **parameters)
    days.read(today, most=MAX_RESPONSE_DAYS)


def _last_of_each(given: GivenParameters) -> dict[str, Any]:
    """Of pages that take one segment."""
    return {name: values[-1] for name, values in given.items()}


def _check_themes(given: GivenParameters, today: date) -> None:
    parameters = _plain(given)
    if "segment" in parameters:
        parameters["segment"] = parameters["segment"][-1]
    _pop_days(parameters).read(today)
    query = _theme_query.validate_python(parameters)
    read_segment(query.segment)


DASHBOARD = "/"
SEGMENTS = "/segments"
SAVABLE_PAGES: dict[str, SavablePage] = {
    DASHBOARD: SavablePage(("path", "touchpoint", *DAY_NAMES, *CHOICES, "against", "by"), _check_scores),
    SEGMENTS: SavablePage(
        (
            *("segment", "measurement", *DAY_NAMES, *CHOICES),
            *("against", "by", "kind", "theme", "channel", "dimension", "sort"),
        ),
        _check_segments,
    ),
    "/compare": SavablePage(
        (
            *("segment", "with", "dimension", "measurement", *DAY_NAMES),
            *("before_from", "before_to"),
        ),
        _check_comparison,
    ),
    "/responses": SavablePage(("segment", "measurement", *DAY_NAMES, "by"), _check_responses),
    "/themes": SavablePage(("segment", *DAY_NAMES, "measurement", "order"), _check_themes),
    "/drivers": SavablePage(
        (
            *("segment", "dimension", "measurement", *DAY_NAMES),
            *("before_from", "before_to"),
        ),
        _check_drivers,
    ),
    "/gap": SavablePage(("segment", "dimension", *DAY_NAMES), _check_gap),
    "/unbegged": SavablePage((*DAY_NAMES, "by"), _check_unbegged),
}
"""By path."""
NOT_KEPT = frozenset({"words", "q", "after", "did"})
"""What a page reads besides: what was searched for, the place in a list, and what was just done."""


def normalized_address(written: str, today: date) -> str:
    """An address as it is kept: the path, and those of its parameters that the page knows.

    :param written: of the page, with or without the host, at which nobody looks.
    :raises NotSavable: for what is no page, or does not open.
    """
    path, given = _read(written)
    page = SAVABLE_PAGES[path]
    kept = {name: given[name] for name in page.names if name in given}
    for name, values in kept.items():
        if name not in SEGMENT_NAMES and any(len(value) > MAX_TEXT_CHARS for value in values):
            raise NotSavable(WRONG_QUERY)
    try:
        page.check(kept, today)
    except Problem as problem:
        raise NotSavable(problem.errors[0]["detail"] if problem.errors else WRONG_QUERY) from None
    except NotComparable as refused:
        raise NotSavable(refused.reason) from None
    except ValidationError:
        raise NotSavable(WRONG_QUERY) from None
    return _address(path, kept)


def pinned_address(address: str, access: SegmentAccess) -> str:
    """A kept address of the dashboard that names the segment which a limited reader sees there.

    So it stays the same view when their segments change, or somebody else opens it.
    """
    path, given = _read(address)
    if path != DASHBOARD or given.get("path") or not access.limited_to:
        return address
    own = next(filter(access.allows, access.limited_to), None)
    return address if own is None else _address(path, {"path": [own], **given})


def score_query_of(address: str) -> ScoreQuery | None:
    """What a kept address asks for, if it is the dashboard's or that of a page of segments; else None."""
    path, given = _read(address)
    if path != DASHBOARD and (path != SEGMENTS or "segment" not in given):
        return None
    return _query_of(_of_scores(given))


def _of_scores(given: GivenParameters) -> GivenParameters:
    """Without the parameters of the list of segments."""
    return {name: values for name, values in given.items() if name not in {"dimension", "sort"}}


def shows_address(address: str, access: SegmentAccess) -> bool:
    """Whether a reader may see what a kept address is about: the page opens for them, with all it names."""
    query = score_query_of(address)
    path, given = _read(address)
    if query is not None and (path == SEGMENTS or query.selection):
        return access.allows_selection(query.selection)
    named = [*given.get("segment", ()), *given.get("with", ())]
    return all(access.allows(read_segment(segment)) for segment in named if segment)


def path_of(address: str) -> str:
    """The page of a kept address."""
    return urlsplit(address).path


def _read(written: str) -> tuple[str, dict[str, list[str]]]:
    if len(written) > MAX_ADDRESS_CHARS:
        most = Count(MAX_ADDRESS_CHARS)
        raise NotSavable(message("An address has at most %(most)s characters.", most=most))
    try:
        parts = urlsplit(written.strip())
        given = parse_qs(parts.query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise NotSavable(WRONG_QUERY) from None
    if parts.path not in SAVABLE_PAGES or any("\0" in value for values in given.values() for value in values):
        raise NotSavable(message("This is not the address of a page of figures."))
    # A form sends all of its fields; only of segments an empty one means something: the whole company.
    whole = parts.path == SEGMENTS
    filled = {
        name: [value for value in values if value or (whole and name == "segment")]
        for name, values in given.items()
    }
    return parts.path, {name: values for name, values in filled.items() if values}


def _address(path: str, given: Mapping[str, Sequence[str]]) -> str:
    return address_of(path, dict(given)) if given else path
