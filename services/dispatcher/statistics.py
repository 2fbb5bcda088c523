"""What is expected of a survey's mails by what became of earlier ones. Pure."""

from typing import NamedTuple

from shared.values.score_estimates import variance_of_one

WORST_VARIANCE = 1.0
"""Of one answer as -1, 0 or 1: half promoters, half detractors."""
ASSUMED_RESPONSE_PERCENT = 20
MIN_RELIED_ON = 100
"""A response rate of fewer mails, and shares of fewer answers, are not relied on."""


class PastAnswers(NamedTuple):
    """What became of mails that have left, without tests, anonymous answers and those beyond a draw."""

    delivered: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    @property
    def answered(self) -> int:
        """How many chose a score."""
        return self.promoters + self.passives + self.detractors

    @property
    def response_percent(self) -> int:
        """How many of a hundred answer, at least 1; as is assumed where too few were asked."""
        if self.delivered < MIN_RELIED_ON:
            return ASSUMED_RESPONSE_PERCENT
        return max(1, 100 * self.answered // self.delivered)

    @property
    def variance(self) -> float:
        """Of one answer as -1, 0 or 1; the worst where there are too few."""
        if self.answered < MIN_RELIED_ON:
            return WORST_VARIANCE
        lead, outspoken = self.promoters - self.detractors, self.promoters + self.detractors
        return variance_of_one(self.answered, lead, outspoken, pseudo=0)
