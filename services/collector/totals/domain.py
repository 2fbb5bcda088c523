"""Which totals a round publishes. Pure; ``shared.events.answer_totals`` says what their fields promise."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from shared.events.answer_totals import AnswerTotal, Offsets, total_name
from shared.events.nps import SCALE
from shared.events.surveys import NpsMeasurement

ROUND = "round"
NOTHING = (0,) * len(SCALE)


class CountedTotal(NamedTuple):
    """What a round has counted."""

    measurement: NpsMeasurement
    day: date | None
    """None: anonymous answers, of all days."""
    counts: tuple[int, ...]
    versions_hash: int
    """Of the ids and versions of the answers, which are the same where it is."""


class PublishedTotal(NamedTuple):
    """What was published last."""

    total: AnswerTotal
    versions_hash: int | None
    """None: not known."""


def totals_to_publish(
    counted: Iterable[CountedTotal], known: Mapping[str, PublishedTotal], version: int, since: Offsets
) -> list[PublishedTotal]:
    """The totals that are other than those that were published; one whose answers are all gone is zero.

    :param known: by name, without the round.
    :param version: the number of this round.
    """
    found: dict[str, PublishedTotal] = {}
    for each in counted:
        total = AnswerTotal(
            kind="anonymous" if each.day is None else "day",
            version=version,
            measurement=each.measurement,
            day=each.day,
            counts=each.counts,
            since=since,
        )
        found[total_name(total)] = PublishedTotal(total, each.versions_hash)
    for name, last in known.items():
        if name not in found:
            gone = AnswerTotal(
                kind=last.total.kind,
                version=version,
                measurement=last.total.measurement,
                day=last.total.day,
                counts=NOTHING,
                since=since,
            )
            found[name] = PublishedTotal(gone, 0)
    return [
        each
        for name, each in sorted(found.items())
        if name not in known or not _is_as_before(each, known[name], since)
    ]


def _is_as_before(found: PublishedTotal, last: PublishedTotal, ends: Offsets) -> bool:
    """Offsets behind the topic's end are of a topic that was created again: they tell nothing now."""
    if (last.versions_hash, last.total.counts) != (found.versions_hash, found.total.counts):
        return False
    known = last.total.since
    return len(known) <= len(ends) and all(old <= end for old, end in zip(known, ends, strict=False))


def round_of(totals: Sequence[AnswerTotal], version: int, *, since: Offsets, until: Offsets) -> AnswerTotal:
    """The round in which these are all totals of a company."""
    return AnswerTotal(
        kind="round",
        version=version,
        since=since,
        until=until,
        totals=len(totals),
        versions=sum(each.version for each in totals),
    )
