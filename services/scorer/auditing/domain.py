"""Whether the scorer's answers of each day are those of the collector. Pure.

**Why no difference is reported while answers are on their way.** ``shared.events.answer_totals`` says what
the collector's offsets mean. ``read`` says up to which records of ``answers`` the scorer has read, in the
same snapshot as its counts. A total that differs is first *in doubt*: kept are its version, what was read,
and a hash of the ids and versions that the scorer counts for it. It is reported by an audit, the same one
or a later one, where

1. at the doubt the scorer had read up to the total's ``since``;
2. the newest round still has this version of the total (or none, where the doubt was about none);
3. the scorer still counts the very same versions of the same answers;
4. the round's ``until`` lies at or behind all that was read at the doubt;
5. by now the scorer has read up to the round's ``since``.

Let T be the moment at which the round counted. What the scorer counts was read before the doubt (3), so it
was committed before T (4), and all that was committed before T is read by now (5). So if nothing is wrong,
each version that the scorer counts is the newest one before T: the collector counted it at T. Conversely,
what the collector counted at T it also counted at the total's own round, in the same versions (2): nothing
of it changed between the two, and the scorer had read it at the doubt (1) and nothing newer of it (4), so
the scorer counted it then, and still does (3). Both count the same answers; a difference is true. Where one
of these does not hold the total waits. The simulation in ``tests/unit/scorer/test_audit_totals.py`` tries
every interleaving.

A round knows which totals there are by their number and the sum of their versions. A replica that has a
total of a later round, or lacks one, does not fit, and nothing is compared. Where none is later, each is at
most as new as the round knows it; so the sum is the same only if each of them is the very one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest
from typing import NamedTuple

import msgspec

from shared.events import AnswerTotal
from shared.events.answer_totals import Offsets, total_name

Counts = tuple[int, ...]
NO_COUNTS: Counts = (0,) * 11


@dataclass(frozen=True)
class AuditResult:
    """What one audit of a company found."""

    at: datetime
    """Of the snapshot that was compared with the collector's totals; the recount came right before."""
    day: date
    """The company's."""
    counts: int
    """Counts of answers, of invitations and of themes that are kept, and were recounted."""
    counts_differing: int
    totals: int
    """Of the collector's, that were compared."""
    totals_differing: int
    totals_waiting: int
    """Not compared, since answers are on their way."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing differed."""
        return not (self.counts_differing or self.totals_differing)


@dataclass(frozen=True)
class AuditState:
    """How a company stands by its last audit."""

    last: AuditResult
    differs_since: datetime | None
    """The first audit since the last one in which all was equal; None: all is equal."""


class OwnTotal(NamedTuple):
    """What the scorer counts under the name of one of the collector's totals."""

    counts: Counts
    versions_hash: int
    """Of the ids and versions of the answers."""


NOTHING = OwnTotal(NO_COUNTS, 0)


class Doubt(msgspec.Struct, frozen=True):
    """A total that differed while answers may have been on their way."""

    name: str
    version: int
    """Of the total; 0: there was none."""
    versions_hash: int
    """Of what the scorer counted."""
    read: Offsets


@dataclass(frozen=True)
class OwnTotals:
    """What the scorer has of a company, in one snapshot."""

    totals: Mapping[str, OwnTotal]
    """By name, as the collector's."""
    unknown: frozenset[str]
    """Names of days with answers of which an earlier version did not keep whether they are anonymous."""
    read: Offsets
    """Up to which records of ``answers`` it has read."""


@dataclass
class TotalsCompared:
    """The outcome."""

    compared: int = 0
    differing: list[str] = field(default_factory=list)
    waiting: int = 0
    """Not compared, since answers, or totals, are on their way."""
    doubts: list[Doubt] = field(default_factory=list)
    """To be kept in place of those before."""


def has_read(read: Offsets, until: Offsets) -> bool:
    """Whether all records before these offsets have been read."""
    return all(mine >= theirs for mine, theirs in zip_longest(read, until, fillvalue=0))


def compare_totals(
    own: OwnTotals, published: Sequence[AnswerTotal], before: Sequence[Doubt]
) -> TotalsCompared:
    """Compare what the scorer counts with what the collector published.

    :param before: the doubts that the last audit kept.
    """
    totals = {total_name(each): each for each in published if each.kind != "round"}
    last = next((each for each in published if each.kind == "round"), None)
    if last is None or not _is_complete(last, list(totals.values())):
        return TotalsCompared(waiting=len(totals), doubts=list(before))
    doubts = {each.name: each for each in before}
    result = TotalsCompared()
    for name in sorted(totals.keys() | own.totals.keys()):
        total, mine = totals.get(name), own.totals.get(name, NOTHING)
        if mine.counts == (NO_COUNTS if total is None else total.counts):
            result.compared += 1
            continue
        doubt = doubts.get(name)
        version = 0 if total is None else total.version
        if doubt is None or (doubt.version, doubt.versions_hash) != (version, mine.versions_hash):
            doubt = Doubt(name, version, mine.versions_hash, own.read)
            if total is not None and not has_read(own.read, total.since):
                result.waiting += 1
                continue
        result.doubts.append(doubt)
        if name not in own.unknown and has_read(last.until, doubt.read) and has_read(own.read, last.since):
            result.compared += 1
            result.differing.append(name)
        else:
            result.waiting += 1
    return result


def _is_complete(last: AnswerTotal, totals: Sequence[AnswerTotal]) -> bool:
    return (
        len(totals) == last.totals
        and sum(each.version for each in totals) == last.versions
        and all(each.version <= last.version for each in totals)
    )
