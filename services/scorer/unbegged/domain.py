"""Whether a place asks, and is answered, as the others are, and what its missing answers could change. Pure.

A place (a value of a dimension) is compared with the rest: all other values of its dimension together, of the
organisation those of its level. Shares are compared by the "N - 1" chi-squared test and their difference has
Newcombe's interval; each kind of sign is one family of tests for :func:`beyond_chance`.

**What selection could explain.** Of those who could have been asked, a place has answers of the share
c = (asked / matched) (answered / sent), the rest r. With n answers, a place that is asked and answers less
(c < r) lacks m = n (r / c - 1) answers that it would have, were it asked and answered like the rest. Two
scores tell what these could change:

- like the rest: (n s + m s') / (n + m), where s is the score of the place and s' that of the rest,
- worst case: (n s - 100 m) / (n + m), were all of them detractors.

The second is the lower bound of C. F. Manski, "Nonparametric bounds on treatment effects", American Economic
Review 80(2), 1990, for these answers; it holds whatever they would have said. A score above that of the rest,
beyond chance, is marked where the difference with one of the two is not beyond chance any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.scorer.domain import (
    NO_GROUPS,
    Groups,
    ScoreChange,
    compare_estimates,
    compare_groups,
    estimate,
    is_comparable,
    sum_of_groups,
)
from services.scorer.responses.domain import MIN_ASKED, AskedShare
from services.scorer.share_differences import PlaceShareDifference, share_difference
from services.scorer.verdicts import beyond_chance
from shared.events.segments import ORGANISATION, dimension_of
from shared.values.rounding import half_up
from shared.values.score_estimates import estimate_of_sums

QUICK_MINUTES = 2
"""An answer within so many minutes after its mail or text left is quick."""
BURST_MINUTES = 10
SHARED_FROM = 3
"""From so many answers of a day on a device is shared."""
Sign = Literal["fewer_asked", "more_quick", "quick_happier", "staff_network", "shared_device", "selection"]
Explained = Literal["no", "worst_case", "like_rest"]
"""Whether the missing answers could explain that a score is higher: no; if all were detractors; already if
they were like the rest's."""
_SUMMED = ("matched", "asked", "no_address", "unwilling", "rested", "sent", "answered", "quick")
_SUMMED_TOO = ("quick_promoters", "by_links", "of_known_network", "of_staff_network")
_SUMMED_OF_DEVICES = ("of_known_device", "of_shared_device")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCounts:
    """What was counted of a place: of its events, of its invitations, and of its answers."""

    matched: int = 0
    """Events that a survey matched: their customers could have been asked."""
    asked: int = 0
    """Of these, those whose customer was to be asked."""
    no_address: int = 0
    unwilling: int = 0
    rested: int = 0
    sent: int = 0
    """Invitations that left on these days."""
    answered: int = 0
    """Of these."""
    groups: Groups = NO_GROUPS
    """Of these answers."""
    quick: int = 0
    quick_promoters: int = 0
    burst: int = 0
    """The most of these answers that were given within ten minutes."""
    of_known_network: int = 0
    """Of these answers, those of which it is known whether they came from one of the company's networks."""
    of_staff_network: int = 0
    """Of these, those that did."""
    of_known_device: int = 0
    """Of these answers, those of which it is known which one they were of their device that day."""
    of_shared_device: int = 0
    """Of these, those that were the third or a later one."""
    by_links: int = 0
    """Answers by open links, which count in no score."""

    @property
    def otherwise(self) -> int:
        """Events whose customer was not asked for another reason."""
        return self.matched - self.asked - self.no_address - self.unwilling - self.rested

    @property
    def coverage(self) -> float | None:
        """The share of those who could have been asked that answered; None where it is not known."""
        if not self.matched or not self.sent:
            return None
        return self.asked / self.matched * (self.answered / self.sent)

    def share(self, part: int, whole: int) -> AskedShare | None:
        """A share in per cent; None of fewer than ten."""
        return AskedShare.of(part, whole) if whole >= MIN_ASKED else None


def sum_of_places(places: Sequence[PlaceCounts]) -> PlaceCounts:
    """All of them together."""
    numbers = {
        name: sum(getattr(place, name) for place in places)
        for name in (*_SUMMED, *_SUMMED_TOO, *_SUMMED_OF_DEVICES)
    }
    return PlaceCounts(
        **numbers,
        groups=sum_of_groups(place.groups for place in places),
        burst=max((place.burst for place in places), default=0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionEffect:
    """What the answers that a place lacks could change of its score."""

    missing: int
    """m: how many answers more it would have, were it asked and answered like the rest."""
    like_rest: float
    worst_case: float
    explained: Explained | None
    """None: the score is not higher than the rest's beyond chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPlace:
    """A place beside the rest."""

    segment: str
    counts: PlaceCounts
    asked: PlaceShareDifference | None
    """The share asked less that of the rest; None: fewer than 30 on one side, or no test holds."""
    quick: PlaceShareDifference | None
    """The share of quick answers less that of the rest."""
    happier: PlaceShareDifference | None
    """The share of promoters among its quick answers less that among its other ones."""
    staff_network: PlaceShareDifference | None
    """The share of answers from the company's own networks less that of the rest."""
    shared_device: PlaceShareDifference | None
    """The share of answers from shared devices less that of the rest."""
    change: ScoreChange | None
    """From the score of the rest to that of the place."""
    selection: SelectionEffect | None
    """None: too few answers, or it lacks none."""
    signs: tuple[Sign, ...]


def places_of(counts: Mapping[str, PlaceCounts]) -> list[ComparedPlace]:
    """Each place beside the rest; those with signs first, then by name."""
    names = sorted(counts)
    sums = _sums_by_level(counts)
    rests = [_less(sums[_level(name)], counts[name]) for name in names]
    own = [counts[name] for name in names]
    asked = [
        share_difference(a.asked, a.matched, b.asked, b.matched) for a, b in zip(own, rests, strict=True)
    ]
    quick = [
        share_difference(a.quick, a.answered, b.quick, b.answered) for a, b in zip(own, rests, strict=True)
    ]
    happier = [
        share_difference(
            a.quick_promoters, a.quick, a.groups.promoters - a.quick_promoters, a.answered - a.quick
        )
        for a in own
    ]
    networks = [
        share_difference(a.of_staff_network, a.of_known_network, b.of_staff_network, b.of_known_network)
        for a, b in zip(own, rests, strict=True)
    ]
    devices = [
        share_difference(a.of_shared_device, a.of_known_device, b.of_shared_device, b.of_known_device)
        for a, b in zip(own, rests, strict=True)
    ]
    changes = [
        compare_groups(b.groups, a.groups) if is_comparable(b.groups, a.groups) else None
        for a, b in zip(own, rests, strict=True)
    ]
    asks, is_quick = beyond_chance(asked), beyond_chance(quick)
    is_happy, is_inside = beyond_chance(happier), beyond_chance(networks)
    is_shared, stands = beyond_chance(devices), beyond_chance(changes)
    found = []
    for number, name in enumerate(names):
        selection = selection_of(own[number], rests[number], higher=stands[number] == "higher")
        signs: list[Sign] = []
        if asks[number] == "lower":
            signs.append("fewer_asked")
        if is_quick[number] == "higher":
            signs.append("more_quick")
        if is_happy[number] == "higher":
            signs.append("quick_happier")
        if is_inside[number] == "higher":
            signs.append("staff_network")
        if is_shared[number] == "higher":
            signs.append("shared_device")
        if selection is not None and selection.explained in {"worst_case", "like_rest"}:
            signs.append("selection")
        found.append(
            ComparedPlace(
                segment=name,
                counts=own[number],
                asked=asked[number],
                quick=quick[number],
                happier=happier[number],
                staff_network=networks[number],
                shared_device=devices[number],
                change=changes[number],
                selection=selection,
                signs=tuple(signs),
            )
        )
    return sorted(found, key=lambda place: (-len(place.signs), place.segment))


def selection_of(own: PlaceCounts, rest: PlaceCounts, *, higher: bool) -> SelectionEffect | None:
    """What the answers that a place lacks could change; None where it lacks none, or nothing can be said.

    :param higher: whether its score is higher than that of the rest beyond chance.
    """
    covered, usual = own.coverage, rest.coverage
    if not covered or usual is None or not is_comparable(rest.groups, own.groups):
        return None
    n, mine, theirs = own.groups.n, own.groups, rest.groups
    missing = half_up(n * (usual / covered - 1))
    if missing < 1:
        return None
    lead, outspoken = mine.promoters - mine.detractors, mine.promoters + mine.detractors
    share = missing / theirs.n
    added_lead = share * (theirs.promoters - theirs.detractors)
    added_outspoken = share * (theirs.promoters + theirs.detractors)
    whole, against = n + missing, estimate(theirs)
    like_rest = estimate_of_sums(whole, lead + added_lead, outspoken + added_outspoken)
    worst = estimate_of_sums(whole, lead - missing, outspoken + missing)
    explained: Explained | None = None
    if higher:
        explained = (
            "like_rest"
            if not _is_higher(against, like_rest)
            else "worst_case"
            if not _is_higher(against, worst)
            else "no"
        )
    return SelectionEffect(
        missing=missing,
        like_rest=100 * (lead + added_lead) / whole,
        worst_case=100 * (lead - missing) / whole,
        explained=explained,
    )


def _is_higher(before: tuple[float, float], now: tuple[float, float]) -> bool:
    change = compare_estimates(0, before, now)
    return change.adjusted > 0 and change.is_significant


def _level(segment: str) -> int:
    """Of the organisation the levels lie in each other; all other values stand beside each other."""
    return segment.count("/") if dimension_of(segment) == ORGANISATION else 0


def _sums_by_level(counts: Mapping[str, PlaceCounts]) -> dict[int, PlaceCounts]:
    levels = {_level(name) for name in counts}
    return {
        level: sum_of_places([place for name, place in counts.items() if _level(name) == level])
        for level in levels
    }


def _less(whole: PlaceCounts, part: PlaceCounts) -> PlaceCounts:
    numbers = {
        name: getattr(whole, name) - getattr(part, name)
        for name in (*_SUMMED, *_SUMMED_TOO, *_SUMMED_OF_DEVICES)
    }
    return PlaceCounts(**numbers, groups=whole.groups - part.groups)
