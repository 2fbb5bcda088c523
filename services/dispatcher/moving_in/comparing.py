"""Their scores and ours by month, and each difference with its reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from shared.events.nps import group_of


@dataclass
class Tally:
    """Some scores."""

    promoters: int = 0
    detractors: int = 0
    total: int = 0

    def add(self, score: int, number: int = 1) -> None:
        """So many more with this score."""
        group = group_of(score)
        self.promoters += number * (group == "promoter")
        self.detractors += number * (group == "detractor")
        self.total += number

    @property
    def nps(self) -> Decimal | None:
        """Promoters less detractors, in percent to one digit; None: no scores."""
        if not self.total:
            return None
        exact = Decimal(100 * (self.promoters - self.detractors)) / self.total
        rounded = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
        return rounded or Decimal("0.0")  # never -0.0


@dataclass
class Month:
    """One month: what their file has of it, what the scorer counts of it, and why the two differ."""

    theirs: Tally = field(default_factory=Tally)
    ours: Tally = field(default_factory=Tally)
    reasons: Counter[str] = field(default_factory=Counter)


def months_in_words(months: Iterable[tuple[str, Month]]) -> Sequence[str]:
    """A line for each month, and one for all of them."""
    ordered = sorted(months)
    lines = [f"{'month':<8}{'theirs':>18}{'ours':>18}  why they differ"]
    everything = Month()
    for name, month in ordered:
        lines.append(_line(name, month))
        for whole, part in ((everything.theirs, month.theirs), (everything.ours, month.ours)):
            whole.promoters += part.promoters
            whole.detractors += part.detractors
            whole.total += part.total
        everything.reasons += month.reasons
    lines.append(_line("all", everything))
    return lines


def _line(name: str, month: Month) -> str:
    reasons = sorted(month.reasons.items(), key=lambda each: (-each[1], each[0]))
    why = "; ".join(f"{count} {reason}" for reason, count in reasons)
    return f"{name:<8}{_figure(month.theirs):>18}{_figure(month.ours):>18}  {why}".rstrip()


def _figure(tally: Tally) -> str:
    return "none" if tally.nps is None else f"{tally.nps:+.1f} n={tally.total}"
