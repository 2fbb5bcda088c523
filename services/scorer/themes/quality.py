"""How far the shipped themes agree with a reader: counted on sentences that were labelled by reading. Data.

The sentences are 100 of English product reviews, 67 of unhappy customers and 33 of others, drawn at random
and labelled after the stems were changed for the last time. ``tests/unit/scorer/theme_labels.py`` has
the labels and the guide; ``test_theme_quality.py`` beside it counts again what stands here. Whoever changes
English stems changes it.
"""

from fractions import Fraction
from typing import NamedTuple


class Agreement(NamedTuple):
    """In how many sentences the matcher and the reader found a theme: one theme, or all of them added up."""

    sentences: int
    labelled: int
    """By the reader."""
    found: int
    """By the matcher."""
    both: int

    @property
    def precision(self) -> Fraction | None:
        """Of what the matcher found, what the reader did; None: it found nothing."""
        return _part(self.both, self.found)

    @property
    def recall(self) -> Fraction | None:
        """Of what the reader found, what the matcher did; None: the reader found nothing."""
        return _part(self.both, self.labelled)

    @property
    def f1(self) -> Fraction | None:
        """The harmonic mean of the two; None: neither found anything."""
        return _part(2 * self.both, self.found + self.labelled)

    @property
    def kappa(self) -> Fraction | None:
        """Cohen's kappa: 1 for full agreement, 0 for that of chance; None: neither found anything, or both
        found it in all. Of one theme alone: over several it has no meaning.
        """
        n = self.sentences
        observed = Fraction(n - self.labelled - self.found + 2 * self.both, n)
        chance = Fraction(self.labelled * self.found + (n - self.labelled) * (n - self.found), n * n)
        return (observed - chance) / (1 - chance) if chance != 1 else None


def _part(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


class Quality(NamedTuple):
    """What came of a sample."""

    sentences: int
    covered: int
    """In how many the matcher found a theme."""
    labelled: int
    """In how many the reader did."""
    themes: dict[str, Agreement]
    """By their ids."""

    @property
    def total(self) -> Agreement:
        """All themes added up: what is told of it is micro-averaged."""
        each = self.themes.values()
        return Agreement(
            self.sentences,
            sum(one.labelled for one in each),
            sum(one.found for one in each),
            sum(one.both for one in each),
        )


QUALITY = Quality(
    sentences=100,
    covered=17,
    labelled=83,
    themes={
        "delivery": Agreement(100, labelled=0, found=1, both=0),
        "price": Agreement(100, labelled=13, found=7, both=6),
        "billing": Agreement(100, labelled=0, found=1, both=0),
        "staff": Agreement(100, labelled=2, found=1, both=1),
        "wait": Agreement(100, labelled=3, found=0, both=0),
        "product": Agreement(100, labelled=70, found=7, both=4),
        "website": Agreement(100, labelled=0, found=1, both=0),
        "returns": Agreement(100, labelled=4, found=1, both=1),
        "communication": Agreement(100, labelled=0, found=0, both=0),
    },
)
"""Of the shipped themes, in sentences on which they were not tuned."""
