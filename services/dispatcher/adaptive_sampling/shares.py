"""How many of a segment's contacts are asked, so that its score reaches the wanted margin. Pure.

A share only ever saves where the margin is reached: without a full window of history, or with few answers,
everybody is asked.
"""

from collections.abc import Iterable, Sequence
from math import ceil, inf

import msgspec

from services.dispatcher.decisions.sampling import ALL_PERCENT
from services.dispatcher.statistics import MIN_RELIED_ON, WORST_VARIANCE
from shared.events.surveys import AdaptiveSampling
from shared.values.score_estimates import answers_for, variance_of_one

MIN_PERCENT = 10
"""Of the contacts of a segment, at least so many are asked: a segment that changes is still seen."""
MIN_ANSWERS = 30
"""With fewer the variance of a segment's answers is not known well enough."""
MIN_AIMED_ANSWERS = 45
"""However wide the margin is: where so many are expected, in one case of a hundred there are fewer than
:data:`MIN_ANSWERS`, and a share that saves does not end itself."""
CAREFUL_RESPONSE_RATE = 0.10
"""Where it is not known: the low end of what companies see from mail."""
_ROUNDING = 1e-9
"""Errors of floats are not rounded up to one more percent or answer."""


class SegmentHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a survey's mails to the contacts of one segment within the window."""

    segment: str
    asked: int = 0
    """Who were drawn and got the mail, without tests."""
    eligible: float = 0.0
    """Who would have been asked, had everybody been drawn: each who was asked stands for 100 / percent drawn.

    This is the Horvitz-Thompson estimator (Journal of the American Statistical Association 47, 1952): without
    bias whatever the shares were within the window. Events that were not asked about must not be counted in
    its place: who was asked rests in quarantine, and who is not drawn comes again with each event.
    """
    detractors: int = 0
    passives: int = 0
    promoters: int = 0

    @property
    def answers(self) -> int:
        """How many of those who were asked gave a score."""
        return self.detractors + self.passives + self.promoters


class ComputedShare(msgspec.Struct, frozen=True, kw_only=True):
    """The share of one segment, with what it comes from."""

    segment: str
    """Empty: all of the survey's segments together; its percent is no share that anybody draws by."""
    percent: int
    asked: int
    eligible: int
    answers: int
    variance: float
    response_rate: float
    needed: int
    """Answers within the window, for the wanted margin, and at least :data:`MIN_AIMED_ANSWERS`."""


def variance(history: SegmentHistory) -> float:
    """Of one answer, with the pseudo answers: unlike the plain form it is never 0, so that thirty equal
    answers do not tell that one answer is enough.
    """
    lead, outspoken = history.promoters - history.detractors, history.promoters + history.detractors
    return variance_of_one(history.answers, lead, outspoken)


def answers_needed(of_one: float, margin: float) -> int:
    """How many answers give the margin, in points, at least 1; without the correction for a finite population
    that a wave makes: the scores that are shown know none.

    :param of_one: the variance of one answer.
    """
    return max(1, ceil(answers_for(margin, of_one) - _ROUNDING))


def response_rate(history: SegmentHistory, whole: SegmentHistory) -> float:
    """The share of those asked who answered: of the segment, else of the whole survey, else a careful one."""
    for each in (history, whole):
        if each.asked >= MIN_RELIED_ON:
            return each.answers / each.asked
    return CAREFUL_RESPONSE_RATE


def share_percent(needed: int, rate: float, eligible: float) -> int:
    """The percent of those who would be asked that gives so many answers: rounded up, within its bounds."""
    asks = needed / rate if rate > 0 else inf
    if asks >= eligible:
        return ALL_PERCENT
    return min(ALL_PERCENT, max(MIN_PERCENT, ceil(ALL_PERCENT * asks / eligible - _ROUNDING)))


def compute_shares(
    adaptive: AdaptiveSampling, histories: Sequence[SegmentHistory], *, has_full_window: bool
) -> list[ComputedShare]:
    """The share of each segment, and one row for all of them together.

    :param histories: that of whom is of no segment has the empty name; they have no share.
    :param has_full_window: whether the survey has asked for a whole window.
    """
    whole = _together(histories)
    named = [each for each in histories if each.segment]
    return [_computed(adaptive, each, whole, has_full_window) for each in (whole, *named)]


def _computed(
    adaptive: AdaptiveSampling, history: SegmentHistory, whole: SegmentHistory, has_full_window: bool
) -> ComputedShare:
    is_known = history.answers >= MIN_ANSWERS
    of_one = variance(history) if is_known else WORST_VARIANCE
    needed = max(MIN_AIMED_ANSWERS, answers_needed(of_one, adaptive.margin))
    rate = response_rate(history, whole)
    draws = bool(history.segment) and is_known and has_full_window
    return ComputedShare(
        segment=history.segment,
        percent=share_percent(needed, rate, history.eligible) if draws else ALL_PERCENT,
        asked=history.asked,
        eligible=round(history.eligible),
        answers=history.answers,
        variance=of_one,
        response_rate=rate,
        needed=needed,
    )


def _together(histories: Iterable[SegmentHistory]) -> SegmentHistory:
    parts = list(histories)
    return SegmentHistory(
        segment="",
        asked=sum(each.asked for each in parts),
        eligible=sum(each.eligible for each in parts),
        detractors=sum(each.detractors for each in parts),
        passives=sum(each.passives for each in parts),
        promoters=sum(each.promoters for each in parts),
    )
