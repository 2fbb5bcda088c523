"""The figures of a page, and what its document says that they are.

A page names each figure with its place in the page's document and how it is written: ``data-figure="now.nps|signed
now.n|thousands"``, in the order of the text. Here they are written anew from the document, by the same words and
roundings, and looked for in the text.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote_plus

from services.scorer.domain import MIN_ANSWERS_COMPARED, ScoreChange
from services.scorer.labels import (
    change_finding,
    count_in_words,
    margin,
    one_decimal,
    p_value_words,
    score_finding,
)
from services.scorer.marks.views import REASON_LABELS
from services.scorer.responses.domain import AskedShare
from services.scorer.responses.labels import interval_words, percent_words
from shared.pages.filters import bound, percent, signed, thousands
from shared.pages.language import spoken
from shared.pages.svg.primitives import ChartScore
from shared.values.csv_cells import plain_cell
from shared.values.rounding import half_up

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
KEYS = ("segment", "id", "key", "cause", "score")
"""The fields by which a part of a list is named."""
FIGURE_CELLS = frozenset({("td", "num"), ("dd", "v")})
"""The elements that hold figures and nothing else: each must name what is in it."""


@dataclass
class Element:
    """An element of a page with all the text in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    named: list[str] = field(default_factory=list)
    """The figures that it names, and those in it."""

    @property
    def holds_figures(self) -> bool:
        return any((self.tag, name) in FIGURE_CELLS for name in self.attributes.get("class", "").split())


class _Elements(HTMLParser):
    """Collects those elements that name figures, should name some, or lead somewhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open.append(element)
        for each in self._open:
            each.named += element.attributes.get("data-figure", "").split()
        self.found.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


def elements_of(html: str) -> list[Element]:
    """All elements of a page with their texts; spaces are one, however they are written."""
    parser = _Elements()
    parser.feed(html)
    for element in parser.found:
        element.text = " ".join(element.text.replace("\N{NO-BREAK SPACE}", " ").split())
    return parser.found


@dataclass(frozen=True)
class Documents:
    """The documents of a page by name: that of its figures has none."""

    by_name: Mapping[str, Any] = field(default_factory=dict)

    def value(self, place: str) -> Any:
        """The value at a place such as ``trend:periods[2026-11-01].n``; None within what is null."""
        name, _, path = place.rpartition(":") if re.match(r"[a-z]+:", place) else ("", "", place)
        value = self.by_name[name]
        for step, key in re.findall(r"(\w+)(?:\[([^\]]*)\])?", path):
            if value is None:
                return None
            value = value[step]
            if f"{step}[" in path and isinstance(value, list):
                value = _part_of(value, unquote_plus(key))
        return value


def _part_of(parts: Sequence[Any], key: str) -> Any:
    if key.startswith("@"):
        return parts[int(key[1:])]
    if parts and not isinstance(parts[0], dict):
        return parts[int(key)]
    (found,) = [each for each in parts if key in _names_of(each)]
    return found


def _names_of(part: Mapping[str, Any]) -> Iterator[str]:
    for name in KEYS:
        if part.get(name) is not None:
            yield str(part[name])
    if "segment" in part and part["segment"] is None:
        yield ""
    if "kind" in part:
        yield (part.get("benchmark") or {}).get("id", part["kind"])
    if isinstance(part.get("asked"), dict):
        yield part["asked"]["segment"] or ""
    if "first_segment" in part:
        yield part["dimension"]
    if "period" in part:
        yield part["period"]["from"]
    if "word" in part:
        yield f"{part['language']} {part['word']}"


def _drawing(scored: Mapping[str, Any]) -> ChartScore | None:
    """A score as it is drawn; None where there is none."""
    if scored.get("nps") is None:
        return None
    low, high = scored["margin"]["low"], scored["margin"]["high"]
    return ChartScore(scored["n"], scored["nps"], low, high, low, high)


def _margin(scored: Mapping[str, Any]) -> str:
    score = _drawing(scored)
    return margin(score) if score is not None and score.margin is not None else ""


def _both_ends(scored: Mapping[str, Any]) -> list[str]:
    score = _drawing(scored)
    return re.findall(r"[±+−]?\d+", margin(score)) if score is not None else []


def _finding(scored: Mapping[str, Any]) -> list[str]:
    score = _drawing(scored)
    if score is None:
        return [str(scored["n"])] if scored["n"] else []
    return _numbers(score_finding("", score))


def _against(part: Mapping[str, Any]) -> list[str]:
    now, change = part["now"], part["change"]
    if now["nps"] is None:
        return []
    if now["n"] < MIN_ANSWERS_COMPARED:
        return _ends(now["margin"])
    return [str(abs(half_up(change["points"])))] if part["moved"] else []


def _ends(ends: Mapping[str, Any] | None) -> list[str]:
    return [] if ends is None else [signed(ends["low"]), signed(ends["high"])]


def _moved(difference: Mapping[str, Any]) -> list[str]:
    low, high = difference["margin"]["low"], difference["margin"]["high"]
    change = ScoreChange(difference["points"], 0, low, high, 1, difference["p"])
    return _numbers(change_finding(change))


def _moved_between(difference: Mapping[str, Any]) -> list[str]:
    ends = difference["margin"]
    return [str(abs(half_up(difference["points"]))), bound(ends["low"]), bound(ends["high"])]


def _difference(difference: Mapping[str, Any] | None) -> list[str]:
    if difference is None:
        return []
    ends = difference["margin"]
    return [
        signed(difference["points"]),
        bound(ends["low"]),
        bound(ends["high"]),
        p_value_words(difference["p"]),
    ]


def _needed(needed: Mapping[str, Any]) -> list[str]:
    return [f"±{needed['margin']}", thousands(needed["answers"])] if needed["answers"] else []


def _latest(latest: Mapping[str, Any]) -> list[str]:
    found = [str(latest["score"])] + ([str(latest["was"])] if latest["was"] is not None else [])
    before, after = latest["nps_before"], latest["nps_after"]
    if before is not None and after is not None and one_decimal(before) != one_decimal(after):
        found += [one_decimal(before), one_decimal(after)]
    return found


def _waiting(cases: Mapping[str, Any]) -> list[str]:
    found, late = cases["open"], cases["late"]
    if not found:
        return []
    if found == 1:
        return ["one"]
    return [count_in_words(found).lower(), *([count_in_words(late).lower()] if late else [])]


def _silence(silence: Mapping[str, Any]) -> list[str]:
    if silence["low"] is None:
        return []
    if half_up(silence["low"]) == half_up(silence["high"]):
        return [signed(silence["score"])]
    return _ends(silence)


def _with_cause(counted: Mapping[str, Any]) -> list[str]:
    if counted["cases"] is None:
        return []
    return [thousands(counted["with_cause"]), thousands(counted["cases"])]


def _stood(baseline: Mapping[str, Any]) -> list[str]:
    if baseline["nps"] is None:
        return _with_cause(baseline)
    score = [signed(baseline["nps"]), *_ends(baseline["margin"]), thousands(baseline["n"])]
    return [*_with_cause(baseline), *score]


def _share(value: float) -> str:
    """A share that was made of two counts, which a page divides exactly."""
    exact = Fraction(value).limit_denominator(1_000_000)
    return percent(exact.numerator, exact.denominator)


def _tenths_ends(ends: Mapping[str, Any]) -> list[str]:
    return [one_decimal(ends["low"]), one_decimal(ends["high"])]


def _score_ends(scored: Mapping[str, Any]) -> list[str]:
    return [signed(scored["nps"]), *_ends(scored["margin"])]


def _counted(n: int) -> list[str]:
    return [thousands(n)] if n else []


def _numbers(words: str) -> list[str]:
    return re.findall(r"[±+−]?\d[\d,.]*\d|[±+−]?\d", words)


def _asked(share: Mapping[str, Any] | None) -> AskedShare | None:
    return None if share is None else AskedShare(**share)


Form = Callable[[Any], str | Sequence[str]]
FORMS: dict[str, Form] = {
    "plain": str,
    "plain_or_none": lambda value: str(value) if value else "",
    "signed": signed,
    "thousands": thousands,
    "thousands_or_none": lambda value: thousands(value) if value else "",
    "tenths": one_decimal,
    "bound": bound,
    "p": p_value_words,
    "reason": lambda reason: spoken(REASON_LABELS[reason]),
    "percent": _share,
    "percent_ends": lambda share: [str(half_up(100 * share["low"])), str(half_up(100 * share["high"]))],
    "per_cent": lambda value: percent_words(AskedShare(value, 0, 0)),
    "per_cent_ends": lambda share: _numbers(interval_words(_asked(share))),
    "half": lambda ends: f"±{half_up((ends['high'] - ends['low']) / 2)}",
    "ends": _ends,
    "margin_low_high": lambda scored: _margin(
        {**scored, "margin": {"low": scored["low"], "high": scored["high"]}}
    ),
    "low_high": lambda scored: [] if scored["low"] is None else _ends(scored),
    "margin": _margin,
    "margin_of_30": lambda scored: _margin(scored) if scored["n"] >= MIN_ANSWERS_COMPARED else "",
    "both_ends": _both_ends,
    "finding": _finding,
    "against": _against,
    "moved": _moved,
    "moved_between": _moved_between,
    "difference": _difference,
    "needed": _needed,
    "latest": _latest,
    "waiting": _waiting,
    "bounds": lambda ends: [bound(ends["low"]), bound(ends["high"])],
    "tenths_ends": _tenths_ends,
    "effect": lambda effect: [one_decimal(effect["points"]), *_tenths_ends(effect["margin"])],
    "score_ends": lambda scored: [] if scored["nps"] is None else _score_ends(scored),
    "beside": lambda difference: _difference({**difference, "margin": difference}),
    "how_many": lambda listed: [str(len(listed))] if listed else [],
    "with_signs": lambda places: _counted(sum(bool(place["signs"]) for place in places)),
    "silence": _silence,
    "stood": _stood,
    "with_cause": _with_cause,
}


@dataclass(frozen=True)
class Figure:
    """A figure of a page, written anew from its document."""

    named: str
    wanted: list[str]

    @classmethod
    def of(cls, named: str, documents: Documents) -> "Figure":
        """What the page should say."""
        place, _, form = named.rpartition("|")
        value = documents.value(place)
        if value is None:
            return cls(named, [])
        if form.startswith("share_"):
            score = int(form.removeprefix("share_"))
            wanted: str | Sequence[str] = percent(value["counts"][score], value["n"])
        else:
            wanted = FORMS[form](value)
        written = [wanted] if isinstance(wanted, str) else list(wanted)
        return cls(
            named, [" ".join(each.replace("\N{NO-BREAK SPACE}", " ").split()) for each in written if each]
        )


def faults_of(element: Element, documents: Documents) -> list[str]:
    """Where the text of an element differs from its document; empty: nowhere."""
    text, faults = element.text.lower(), []
    names_own = "data-figure" in element.attributes
    for named in element.named if names_own or element.holds_figures else ():
        for wanted in Figure.of(named, documents).wanted:
            found = re.search(rf"(?<![\d.,+−±]){re.escape(wanted.lower())}(?![\d]|[.,]\d)", text)
            if found is None:
                faults.append(f"{named}: {wanted!r} is not in {text!r}")
            else:
                text = text[: found.start()] + text[found.end() :]
    if element.holds_figures and re.search(r"\d", text):
        faults.append(f"no document has what is left of {element.text!r}: {text!r}")
    return faults


def csv_rows(text: str) -> list[dict[str, str]]:
    """The rows of a file by the names of their columns."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def written(value: Any) -> str:
    """A value of a document as a file has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)


def flat(part: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """The values of a document by the names of their columns; lists of documents have rows of their own."""
    cells: dict[str, str] = {}
    for name, value in part.items():
        if name == "counts":
            cells |= {f"{before}score_{score}": str(n) for score, n in enumerate(value or [""] * 11)}
        elif isinstance(value, dict):
            cells |= flat(value, f"{before}{name}_")
        elif not isinstance(value, list):
            cells[f"{before}{name}"] = written(value)
        elif not value or isinstance(value[0], str):
            cells[f"{before}{name}"] = "; ".join(value)
    return cells


def check_rows(rows: Sequence[Mapping[str, str]], wanted: Sequence[Mapping[str, str]]) -> None:
    """Each row of a file has the values of the document's part, and there is no other row."""
    assert len(rows) == len(wanted)
    for row, part in zip(rows, wanted, strict=True):
        faults = {
            name: (row.get(name), value)
            for name, value in part.items()
            if plain_cell(row.get(name, "")) != value
        }
        assert faults == {}, f"{faults} of {part}"
