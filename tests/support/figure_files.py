"""The rows that the file of each document has, written anew from the document."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.figures import flat

from services.scorer.exports.schemas import SECTIONS

Rows = Callable[[Mapping[str, Any]], Sequence[Mapping[str, str]]]


def one_row(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    return [flat(document)]


def by_section(*sections: str) -> Rows:
    """All figures that are the document's own, then those of its sections."""

    def rows(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
        own = {name: value for name, value in document.items() if name not in sections}
        found = [{"of": "all", **flat(own)}]
        for section in sections:
            parts = document[section]
            parts = parts if isinstance(parts, list) else [parts] if parts is not None else []
            found += [{"of": section, **flat(part)} for part in parts]
        return found

    return rows


def each_of(name: str) -> Rows:
    return lambda document: [flat(part) for part in document[name]]


def beside(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    names = ("n", "score", "low", "high")
    rows = [{"kind": "asked", **flat({name: document[name] for name in names})}]
    for each in document["beside"]:
        difference = each["difference"] or dict.fromkeys(("points", "low", "high", "p"))
        cells = {name: each[name] for name in (*names, "kind", "first", "last", "verdict", "reason")}
        cells |= {"difference": difference["points"], "difference_low": difference["low"]}
        rows.append(flat({**cells, "difference_high": difference["high"], "p": difference["p"]}))
    return rows


def responses(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    days = {"from": document["window"]["from"], "to": document["window"]["until"]}
    total = {"of": "all", "key": document["segment"] or "", **flat(document["total"])}
    kinds = {"segments": "segment", "channels": "channel", "hours": "hour", "weekdays": "weekday"}
    parts = [{"of": kind, **flat(part)} for name, kind in kinds.items() for part in document[name]]
    return [days | part for part in (total, *parts)]


def renamed(cells: Mapping[str, str], before: str = "") -> dict[str, str]:
    """A side of a comparison, or a period of a trend, as its file has it."""
    names = {"period_from": "from", "period_until": "until", "margin_low": "low", "margin_high": "high"}
    return {
        f"{before}{names.get(name, name)}": value for name, value in cells.items() if name != "margin_level"
    }


def comparisons(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    found = []
    for each in document["comparisons"]:
        difference = each["difference"] or {"points": None, "p": None, "margin": {"low": None, "high": None}}
        cells = renamed(flat({"points": difference["points"], **difference["margin"]}), "difference_")
        cells["difference"] = cells.pop("difference_points")
        cells.pop("difference_level", None)
        sides = renamed(flat(each["asked"])) | renamed(flat(each["against"]), "against_")
        found.append(sides | cells | flat({"p": difference["p"], "verdict": each["verdict"]}))
    return found


def parted(cells: Mapping[str, str]) -> dict[str, str]:
    """A score's or an effect's figures as a file has them: the ends of a range stand beside it."""
    return {
        name.replace("margin_low", "low").replace("margin_high", "high"): value
        for name, value in cells.items()
        if not name.endswith("margin_level")
    }


def picked(part: Mapping[str, Any] | None, *names: str, before: str = "") -> dict[str, str]:
    """Some figures of a part; empty cells where there is none."""
    if part is None:
        return {f"{before}{name}": "" for name in names}
    cells = parted(flat(part))
    return {f"{before}{name}": cells.get(name, "") for name in names}


_EFFECT = ("points", "exact", "low", "high")
_SIDE = ("n", "nps", "low", "high")


def drivers(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """The whole, each part, each dimension."""
    days = {
        "from": document["now"]["period"]["from"],
        "until": document["now"]["period"]["until"],
        "before_from": document["before"]["period"]["from"],
        "before_until": document["before"]["period"]["until"],
    }
    own = flat({"measurement": document["measurement"], "segment": document["now"]["segment"], **days})

    def effects(part: Mapping[str, Any], *names: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            found |= picked(part[name], *_EFFECT, before=f"{name}_")
        return found

    def sides(part: Mapping[str, Any], *names: str) -> dict[str, str]:
        return picked(part["now"], *names) | picked(part["before"], *names, before="before_")

    change = document["change"]
    whole = {"of": "whole", "dimension": document["dimension"] or "", **sides(document, *_SIDE)}
    whole |= effects(document, "mix", "rate") | picked(change, "points", "exact", before="both_")
    whole |= picked(change and change["test"], "low", "high", before="both_")
    whole |= picked(change and change["test"], "p") | picked(document, "reason", "merged", "stands_out")
    rows = [whole]
    for part in document["parts"]:
        row = {"of": part["kind"], "dimension": document["dimension"], "part": part["segment"] or ""}
        rows.append(row | sides(part, "share", *_SIDE) | effects(part, "mix", "rate", "both"))
    for each in document["dimensions"]:
        row = {"of": "dimension", **picked(each, "dimension", "first_segment", "reason")}
        rows.append(row | effects(each, "mix", "rate", "first"))
    return [own | row for row in rows]


def gap(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """The whole, each part, each touchpoint."""
    days = {"from": document["period"]["from"], "until": document["period"]["until"]}

    def both(part: Mapping[str, Any]) -> dict[str, str]:
        names = ("detractors", "passives", "promoters", *_SIDE)
        found = picked(part["transactional"], *names, before="transactional_")
        found |= picked(part["relational"], *names, before="relational_")
        found |= picked(part["difference"], "low", "high", before="difference_")
        found |= {"difference": picked(part["difference"], "points")["points"]}
        return (
            found | picked(part["difference"], "p") | picked(part, "segment", "verdict", "marked", "reason")
        )

    tests = str(int(document["total"]["difference"] is not None))
    rows = [{"of": "whole", "tests": tests, **both(document["total"])}]
    told = picked(document, "tests", "parts_marked")
    rows += [{"of": "part", **told, **both(part)} for part in document["parts"]]
    for each in document["touchpoints"]:
        row = {"of": "touchpoint", **picked(each, "segment", "impact", "impact_low", "impact_high", "reason")}
        rows.append(row | picked(each, *_SIDE, before="transactional_"))
    return [days | row for row in rows]


def unbegged(document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    window = document["window"]
    own = {"by": document["by"], "from": window["from"], "until": window["until"]}
    return [
        own | {"time_zone": window["time_zone"]} | flat(place) | {"signs": " ".join(place["signs"])}
        for place in document["places"]
    ]


FILES: dict[str, Rows] = {
    "/v1/scores/overview": by_section(*SECTIONS),
    "/v1/segments": each_of("segments"),
    "/v1/ranking": by_section("ranked", "few"),
    "/v1/comparisons": comparisons,
    "/v1/benchmarks/comparison": beside,
    "/v1/trends": lambda document: [renamed(flat(part)) for part in document["periods"]],
    "/v1/responses": responses,
    "/v1/marks": each_of("marks"),
    "/v1/marks/{mark}": one_row,
    "/v1/themes/figures": by_section("comments", "covered", "themes", "suggestions"),
    "/v1/actions/causes": by_section("causes"),
    "/v1/actions/{action}": by_section("steps"),
    "/v1/drivers": drivers,
    "/v1/gap": gap,
    "/v1/benchmarks": each_of("benchmarks"),
    "/v1/unbegged": unbegged,
}
"""The rows that the file of each document has."""
