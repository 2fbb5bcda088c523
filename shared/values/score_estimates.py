"""What some answers tell of the score of all customers: its estimate, its error, and how many it takes. Pure.

An answer is coded -1 (detractor), 0 (passive) or +1 (promoter). The adjusted Wald interval adds three pseudo
answers, ¾ detractor, 1½ passives and ¾ promoter, so that few answers, or equal ones, promise no certainty
that they do not have. Source: Rocks, The American Statistician 70(4), 2016; MeasuringU for the sample sizes.
"""

from math import sqrt

from shared.values.normal import Z_95

PSEUDO_ANSWERS = 3
"""Answers that the adjusted Wald interval adds: ¾ detractor, 1½ passives, ¾ promoter."""


def variance_of_one(n: int, lead: float, outspoken: float, pseudo: float = PSEUDO_ANSWERS) -> float:
    """Of one answer coded -1, 0, +1: p + d - (p - d)², with ``pseudo`` answers added in the shares ¼ ½ ¼.

    :param n: how many answers; with the pseudo answers more than none.
    :param lead: how many more promoters than detractors there are.
    :param outspoken: how many there are of both.
    """
    answers = n + pseudo
    mean = lead / answers
    return max(0.0, (outspoken + pseudo / 2) / answers - mean * mean)


def estimate_of_sums(
    n: int, lead: float, outspoken: float, pseudo: float = PSEUDO_ANSWERS
) -> tuple[float, float]:
    """Mean and standard error from -1 to +1 of ``n`` answers, of which only sums are known; these need not be
    whole numbers.
    """
    answers = n + pseudo
    return lead / answers, sqrt(variance_of_one(n, lead, outspoken, pseudo) / answers)


def margin_of(variance: float, answers: int, z: float = Z_95) -> float:
    """Half the width of the adjusted interval, in points: 100 z √(v / (n + 3))."""
    return 100 * z * sqrt(variance / (answers + PSEUDO_ANSWERS))


def answers_for(margin: float, variance: float, z: float = Z_95) -> float:
    """How many answers give a margin in points, not rounded: v (100 z / margin)² - 3; below 0 where even the
    pseudo answers do. It is :func:`margin_of` solved for n, without the correction for a finite population.
    """
    return variance * (100 * z / margin) ** 2 - PSEUDO_ANSWERS
