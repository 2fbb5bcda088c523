"""The same figures as files for spreadsheets."""

import csv
import io
from collections.abc import Sequence

from fastapi import Response

from services.scorer.dashboard.schemas import BesideRestOut, FindingsOut, RankingOut
from services.scorer.responses.schemas import AskedShareOut
from shared.values.csv_cells import safe_cell

_BESIDE = ("n", "nps", "low", "high", "rest_n", "rest_nps")
_DIFFERENCE = ("points", "low", "high", "p")


def csv_of_ranking(told: RankingOut) -> str:
    """A row for each segment; those without a rank last."""
    heads = ["segment", "rank", *_BESIDE, *(f"difference_{name}" for name in _DIFFERENCE), "is_lower"]
    rows = [(number, each) for number, each in enumerate(told.ranked, 1)]
    ranks: list[tuple[int | str, BesideRestOut]] = [*rows, *(("", each) for each in told.few)]
    names = [each.segment for each in (*told.ranked, *told.few)]
    return _csv(
        [heads]
        + [
            [safe_cell(name), str(rank), *_beside_cells(each)]
            for name, (rank, each) in zip(names, ranks, strict=True)
        ]
    )


def csv_of_findings(told: FindingsOut) -> str:
    """A row for each figure: what it is of, its name, and its value."""
    rows: list[list[str]] = [["of", "key", "figure", "value"]]
    if told.week is not None:
        week = told.week
        cells = dict(zip([*_BESIDE, *(f"difference_{name}" for name in _DIFFERENCE), "is_lower"],
                         _beside_cells(week), strict=True))  # fmt: skip
        figures = {"first": week.first, "last": week.last, "tests": week.tests, **cells}
        rows += [["week", "", name, str(value)] for name, value in figures.items()]
    if told.asked is not None:
        total = told.asked.total
        for name in ("asked", "delivered", "opened", "answered"):
            rows.append(["asked", "", name, str(getattr(total, name))])
        for name in ("delivered_share", "opened_share", "answered_share"):
            rows += _share_rows("asked", "", name, getattr(total, name))
        least = told.asked.least
        if least is not None:
            key = safe_cell(least.segment)
            for name in ("asked", "answered", "rest_asked", "rest_answered", *_DIFFERENCE, "tests"):
                rows.append(["least_answered", key, name, str(getattr(least, name))])
            rows += _share_rows("least_answered", key, "answered_share", least.answered_share)
    for name in ("open", "late", "closed", "in_time"):
        rows.append(["cases", "", name, str(getattr(told.cases, name))])
    rows += _share_rows("cases", "", "in_time_share", told.cases.in_time_share)
    for cause in told.cases.causes:
        rows += [["cause", safe_cell(cause.cause), "cases", str(cause.cases)]]
        rows += [["cause", safe_cell(cause.cause), "of", str(cause.of)]]
    return _csv(rows)


def file_answer(text: str, name: str) -> Response:
    """The file."""
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _share_rows(of: str, key: str, name: str, share: AskedShareOut | None) -> list[list[str]]:
    if share is None:
        return []
    return [[of, key, f"{name}_{end}", str(getattr(share, end))] for end in AskedShareOut.model_fields]


def _beside_cells(each: BesideRestOut) -> list[str]:
    values = [getattr(each, name) for name in _BESIDE]
    values += [getattr(each.difference, name) if each.difference else None for name in _DIFFERENCE]
    return ["" if value is None else str(value) for value in values] + ["yes" if each.is_lower else "no"]


def _csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
