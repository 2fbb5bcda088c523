"""Tests of shares, and what differences are called, by brute force: by formulas that are written down anew."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Any

import pytest
from support.comparison_model import Z, accepted

LEAST = 30


def share_p(part: int, whole: int, other_part: int, other_whole: int) -> float | None:
    """Two-sided, of the difference of two shares: Pearson's chi-squared, with N - 1 in place of N."""
    total, having = whole + other_whole, part + other_part
    if not having or having == total:
        return 1.0
    squared = 0.0
    for mine, all_mine in ((part, whole), (other_part, other_whole)):
        for seen, share in ((mine, having / total), (all_mine - mine, 1 - having / total)):
            expected = all_mine * share
            if expected < 1 - 1e-9:
                return None
            squared += (seen - expected) ** 2 / expected
    return 2 * NormalDist().cdf(-sqrt(squared * (total - 1) / total))


def share_ends(part: int, whole: int) -> tuple[float, float]:
    """Wilson's interval: the two shares from which the one that was seen is just 1.96 standard errors away."""
    share, square = part / whole, Z * Z / whole
    middle, reach = share + square / 2, sqrt(square * share * (1 - share) + square * square / 4)
    return max(0.0, (middle - reach) / (1 + square)), min(1.0, (middle + reach) / (1 + square))


def check_share_difference(
    found: Mapping[str, Any] | None, part: int, whole: int, other_part: int, other_whole: int
) -> None:
    """Fails where a difference of shares is not that of the numbers, or is told of too few."""
    p = share_p(part, whole, other_part, other_whole) if min(whole, other_whole) >= LEAST else None
    if p is None:
        assert found is None
        return
    assert found is not None
    mine, other = part / whole, other_part / other_whole
    (low, high), (other_low, other_high) = share_ends(part, whole), share_ends(other_part, other_whole)
    below, above = (
        sqrt((mine - low) ** 2 + (other_high - other) ** 2),
        sqrt((high - mine) ** 2 + (other - other_low) ** 2),
    )
    assert {name: found[name] for name in ("points", "low", "high", "p")} == pytest.approx(
        {
            "points": 100 * (mine - other),
            "low": 100 * (mine - other - below),
            "high": 100 * (mine - other + above),
            "p": p,
        },
        abs=1e-7,
    )


def called(tests: Sequence[Mapping[str, Any] | None]) -> list[str | None]:
    """What several differences are called that are told at once; None: it could be chance."""
    told = [test for test in tests if test is not None]
    believed = dict(zip(map(id, told), accepted([test["p"] for test in told]), strict=True)) if told else {}
    found: list[str | None] = []
    for test in tests:
        if test is None or not believed[id(test)] or test["p"] >= 0.05:
            found.append(None)
        elif test["points"] > 0 and test["low"] > 0:
            found.append("higher")
        else:
            found.append("lower" if test["points"] < 0 and test["high"] < 0 else None)
    return found
