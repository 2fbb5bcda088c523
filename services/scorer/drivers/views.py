"""Makes the page of what moved a score of the figures; the template only writes it down."""

from collections.abc import Callable

from services.scorer.comparisons.addresses import address_of
from services.scorer.comparisons.compare_page import CompareForm
from services.scorer.comparisons.labels import days_of, name_of
from services.scorer.decomposition.domain import PartEffects, Split
from services.scorer.decomposition.effects import Effect
from services.scorer.drivers import labels as words
from services.scorer.drivers.driver_query import DriverQuery
from services.scorer.drivers.drivers_page import (
    DimensionLine,
    DriverLine,
    DriversPage,
    EffectLine,
    SideLine,
)
from services.scorer.drivers.reading import DimensionSplit, ReadDrivers
from services.scorer.labels import one_decimal, p_value
from services.scorer.views import drawing_of
from shared.pages.filters import dimension_name, percent, thousands, value_name
from shared.pages.language import counted, translated

REACHES = (10, 20, 50, 100, 200)
"""Half the lengths, in points, of the ruler on which parts are drawn; the same for all of them."""
NOTHING = "\N{EN DASH}"


def drivers_page(
    read: ReadDrivers,
    form: CompareForm,
    segments: list[tuple[str, str]],
    measurements: list[tuple[str, str]],
    href: Callable[[str], str],
) -> DriversPage:
    """The page of a change.

    :param href: the address of a part's page; empty: the reader may not open it.
    """
    query, split = read.query, read.split if isinstance(read.split, Split) else None
    rows = split.rows if split else ()
    return DriversPage(
        form=form,
        segment_options=segments,
        dimension_options=_dimension_options(read),
        measurement_options=measurements,
        finding=words.finding_of(read),
        compared=_compared(read),
        dimension=value_name(dimension_name(read.dimension)) if read.dimension else "",
        sides=_sides(read) if read.change is not None else [],
        effects=_effects(split) if split else [],
        difference=_difference(read),
        lines=[_line(part, split, href) for part in rows] if split else [],
        ruler_end=_ruler_end([part.both for part in rows]),
        others=words.merged_words(split.merged) if split and split.others is not None else "",
        no_split="" if split or read.change is None else _no_split(read),
        dimensions=[_dimension(read, each) for each in read.dimensions] if read.change is not None else [],
        people_hidden=read.people_hidden,
        file_href=address_of("/drivers/download", query.parameters(read.dimension)),
        document_href=address_of("/v1/drivers", query.parameters(read.dimension)),
        compare_href=address_of("/compare", query.comparison.parameters),
    )


def refused_page(
    query: DriverQuery,
    form: CompareForm,
    segments: list[tuple[str, str]],
    measurements: list[tuple[str, str]],
    why: str,
) -> DriversPage:
    """The page of windows that share days, with the reason as its finding."""
    dimension = query.dimension
    return DriversPage(
        form=form,
        segment_options=segments,
        dimension_options=[(dimension, value_name(dimension_name(dimension)))] if dimension else [],
        measurement_options=measurements,
        finding=why,
        compared="",
        dimension="",
        sides=[],
        effects=[],
        difference=None,
        lines=[],
        ruler_end=REACHES[0],
        others="",
        no_split="",
        dimensions=[],
        people_hidden=False,
        file_href="",
        document_href="",
        compare_href="",
    )


def _compared(read: ReadDrivers) -> str:
    query = read.query
    facts = {"days": days_of(query.now, read.today), "before": days_of(query.before, read.today)}
    return translated("%(name)s: %(days)s against %(before)s.") % {**facts, "name": name_of(query.segment)}


def _dimension_options(read: ReadDrivers) -> list[tuple[str, str]]:
    names = sorted(each.dimension for each in read.dimensions)
    if read.dimension and read.dimension not in names:
        names.append(read.dimension)
    return [(name, value_name(dimension_name(name))) for name in names]


def _sides(read: ReadDrivers) -> list[SideLine]:
    found = []
    for side in (read.comparison.against, read.comparison.asked):
        nps = side.groups.nps
        answers = counted("%(n)s answer", "%(n)s answers", side.groups.n) % {"n": thousands(side.groups.n)}
        score = one_decimal(nps) if nps is not None else NOTHING
        found.append(SideLine(days_of(side.window, read.today), answers, score, drawing_of(side.groups)))
    return found


def _effects(split: Split) -> list[EffectLine]:
    return [
        _effect(translated("Other customers"), translated("mix: the shares of the parts"), split.mix),
        _effect(translated("Other answers"), translated("rate: the scores of the parts"), split.rate),
    ]


def _effect(name: str, note: str, effect: Effect) -> EffectLine:
    points, span = words.tenths_words(effect.tenths), words.range_words(effect)
    return EffectLine(name, note, points, span, effect.tenths / 10, effect.low, effect.high)


def _difference(read: ReadDrivers) -> EffectLine | None:
    change, points = read.comparison.change, read.change
    if change is None or points is None:
        return None
    span = translated("%(low)s to %(high)s") % {
        "low": one_decimal(change.low),
        "high": one_decimal(change.high),
    }
    shown = words.tenths_words(points.tenths)
    name, p = translated("Difference"), p_value(change)
    return EffectLine(name, p, shown, span, points.tenths / 10, change.low, change.high)


def _line(part: PartEffects, split: Split, href: Callable[[str], str]) -> DriverLine:
    groups, is_others = part.groups, part is split.others
    name = translated("All others") if is_others else name_of(groups.segment)
    now, before = groups.now, groups.before
    total_now, total_before = (
        sum(row.groups.now.n for row in split.rows),
        sum(row.groups.before.n for row in split.rows),
    )
    return DriverLine(
        name=name,
        segment="" if is_others else groups.segment,
        href="" if is_others else href(groups.segment),
        both=_effect(name, "", part.both),
        mix=words.tenths_words(part.mix.tenths),
        mix_range=words.range_words(part.mix),
        rate=words.tenths_words(part.rate.tenths),
        rate_range=words.range_words(part.rate),
        note=words.only_words(before.n, now.n),
        answers=thousands(now.n),
        answers_before=thousands(before.n),
        share=percent(now.n, total_now),
        share_before=percent(before.n, total_before),
        score=one_decimal(now.nps) if now.nps is not None else NOTHING,
        score_before=one_decimal(before.nps) if before.nps is not None else NOTHING,
    )


def _ruler_end(effects: list[Effect]) -> int:
    """The shortest of the rulers on which all of them lie with their ranges; else the longest."""
    most = max((max(abs(each.low), abs(each.high)) for each in effects), default=0.0)
    return next((end for end in REACHES if most <= end), REACHES[-1])


def _no_split(read: ReadDrivers) -> str:
    return "" if isinstance(read.split, Split) else words.no_split_words(read.split)


def _dimension(read: ReadDrivers, each: DimensionSplit) -> DimensionLine:
    name = value_name(dimension_name(each.dimension))
    is_shown = each.dimension == read.dimension
    href = "" if is_shown else address_of("/drivers", read.query.parameters(each.dimension))
    split = each.split
    if not isinstance(split, Split):
        return DimensionLine(name, each.dimension, href, NOTHING, NOTHING, words.no_split_words(split))
    first = split.parts[0]
    most = translated("%(name)s: %(points)s") % {
        "name": name_of(first.groups.segment),
        "points": words.tenths_words(first.both.tenths),
    }
    mix, rate = words.tenths_words(split.mix.tenths), words.tenths_words(split.rate.tenths)
    return DimensionLine(name, each.dimension, href, mix, rate, most)
