"""The collector's totals and the scorer's answers, in any interleaving: no false alarm, and no loss unseen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from services.collector.totals.domain import CountedTotal, PublishedTotal, round_of, totals_to_publish
from services.scorer.auditing.domain import (
    NO_COUNTS,
    Doubt,
    OwnTotal,
    OwnTotals,
    TotalsCompared,
    compare_totals,
)
from shared.events import AnswerTotal
from shared.events.answer_totals import Offsets, total_name

PARTITIONS = 2
ANSWERS = 4
DAYS = 2
FIRST = date(2026, 11, 20)


@dataclass(frozen=True)
class Version:
    """A version of an answer; without a day it counts nowhere."""

    id: int
    number: int
    day: date | None
    score: int


def counted(answers: Mapping[int, Version]) -> dict[date, OwnTotal]:
    """By day, one answer after the other."""
    found: dict[date, OwnTotal] = {}
    for answer in answers.values():
        if answer.day is not None:
            before = found.get(answer.day, OwnTotal(NO_COUNTS, 0))
            counts = [n + (score == answer.score) for score, n in enumerate(before.counts)]
            found[answer.day] = OwnTotal(
                tuple(counts), before.versions_hash ^ hash((answer.id, answer.number, "v")) & (2**62 - 1)
            )
    return found


@dataclass
class Round:
    """A round that runs: what it has found so far."""

    number: int
    until: Offsets
    counted: dict[date, OwnTotal] | None = None
    outbox_end: int = 0
    to_publish: list[AnswerTotal] | None = None


@dataclass
class Two:
    """A collector and a scorer, between them logs of records that are read in any order."""

    chance: Random
    answers: dict[int, Version] = field(default_factory=dict)
    outbox: list[tuple[int, Version]] = field(default_factory=list)
    seq: int = 0
    logs: list[list[Version]] = field(default_factory=lambda: [[] for _ in range(PARTITIONS)])
    known: dict[str, PublishedTotal] = field(default_factory=dict)
    rounds: int = 0
    running: Round | None = None
    on_the_way: list[AnswerTotal] = field(default_factory=list)
    """Totals that the scorer has not read: several partitions, so in any order."""
    read: list[int] = field(default_factory=lambda: [0] * PARTITIONS)
    kept: dict[int, Version] = field(default_factory=dict)
    replica: dict[str, AnswerTotal] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    lose: bool = False
    """The scorer passes over the next record as if it had handled it."""
    lost: list[Version] = field(default_factory=list)

    @property
    def ends(self) -> Offsets:
        return tuple(map(len, self.logs))

    def change(self) -> None:
        """Somebody answers, amends, or is judged: each version may count on a day, or nowhere."""
        id_ = self.chance.randrange(ANSWERS)
        before = self.answers.get(id_)
        number = 1 if before is None else before.number + 1
        day = self.chance.choice([None, *(FIRST + timedelta(days=n) for n in range(DAYS))])
        version = Version(id_, number, day, self.chance.randrange(2))
        self.answers[id_] = version
        self.seq += 1
        self.outbox.append((self.seq, version))

    def relay(self) -> None:
        if self.outbox:
            _, version = self.outbox.pop(0)
            self.logs[version.id % PARTITIONS].append(version)

    def go_on_with_a_round(self) -> None:
        """One step of :class:`services.collector.totals.rounds.TotalsRounds`."""
        this = self.running
        if this is None:
            self.rounds += 1
            self.running = Round(self.rounds, self.ends)
        elif this.counted is None:
            this.counted, this.outbox_end = counted(self.answers), self.seq
        elif this.to_publish is None:
            if all(seq > this.outbox_end for seq, _ in self.outbox):
                self._publish(this)
        elif this.to_publish:
            self.on_the_way.append(this.to_publish.pop(0))
        else:
            self.running = None

    def _publish(self, this: Round) -> None:
        totals = [
            CountedTotal("transactional", day, each.counts, each.versions_hash)
            for day, each in (this.counted or {}).items()
        ]
        since = self.ends
        changed = totals_to_publish(totals, self.known, this.number, since)
        self.known |= {total_name(each.total): each for each in changed}
        everything = [each.total for each in self.known.values()]
        last = round_of(everything, this.number, since=since, until=this.until)
        this.to_publish = [*(each.total for each in changed), last]

    def consume(self) -> None:
        ready = [part for part in range(PARTITIONS) if self.read[part] < len(self.logs[part])]
        if not ready:
            return
        part = self.chance.choice(ready)
        version = self.logs[part][self.read[part]]
        self.read[part] += 1
        if self.lose:
            self.lose, self.lost = False, [*self.lost, version]
            return
        before = self.kept.get(version.id)
        if before is None or before.number < version.number:
            self.kept[version.id] = version

    def consume_a_total(self) -> None:
        if self.on_the_way:
            total = self.on_the_way.pop(self.chance.randrange(len(self.on_the_way)))
            before = self.replica.get(total_name(total))
            if before is None or before.version < total.version:
                self.replica[total_name(total)] = total

    def audit(self) -> TotalsCompared:
        own = {f"transactional/{day}": each for day, each in counted(self.kept).items()}
        found = compare_totals(
            OwnTotals(own, frozenset(), tuple(self.read)), list(self.replica.values()), self.doubts
        )
        self.doubts = found.doubts
        return found

    def settle(self, rounds: int = 2) -> None:
        """Nothing new comes; everything that is on its way arrives."""
        for _ in range(rounds):
            self.running = None if self.running is None or self.running.to_publish is None else self.running
            while self.outbox:
                self.relay()
            finished = self.rounds + (self.running is None)
            while self.running is not None or self.rounds < finished:
                self.go_on_with_a_round()
            while any(mine < len(log) for mine, log in zip(self.read, self.logs, strict=True)):
                self.consume()
            while self.on_the_way:
                self.consume_a_total()


STEPS = ("change", "relay", "go_on_with_a_round", "consume", "consume_a_total", "audit")
WEIGHTS = {"change": 3, "relay": 4, "go_on_with_a_round": 6, "consume": 4, "consume_a_total": 4, "audit": 5}


@settings(max_examples=examples(300), deadline=None)
@given(seed=st.integers(0, 2**32), length=st.integers(1, 500))
def test_whatever_is_on_its_way_no_audit_reports_a_difference(seed: int, length: int) -> None:
    chance = Random(seed)
    two = Two(chance)
    for step in chance.choices(STEPS, [WEIGHTS[each] for each in STEPS], k=length):
        found = getattr(two, step)()
        if step == "audit":
            assert found.differing == []
    two.settle()
    found = two.audit()
    assert (found.differing, found.waiting) == ([], 0)


@settings(max_examples=examples(300), deadline=None)
@given(seed=st.integers(0, 2**32), before=st.integers(0, 100), after=st.integers(0, 100))
def test_a_lost_answer_is_reported_once_all_has_arrived_and_only_where_it_is_missing(
    seed: int, before: int, after: int
) -> None:
    chance = Random(seed)
    two = Two(chance)
    for step in chance.choices(STEPS, [WEIGHTS[each] for each in STEPS], k=before):
        getattr(two, step)()
    two.lose = True
    for step in chance.choices(STEPS, [WEIGHTS[each] for each in STEPS], k=after):
        getattr(two, step)()
    two.lose = two.lose and bool(two.outbox)
    two.settle()
    found = two.audit()
    mine, theirs = counted(two.kept), counted(two.answers)
    wrong = {
        f"transactional/{day}"
        for day in mine.keys() | theirs.keys()
        if mine.get(day, OwnTotal(NO_COUNTS, 0)).counts != theirs.get(day, OwnTotal(NO_COUNTS, 0)).counts
    }
    assert set(found.differing) == wrong
    assert found.waiting == 0


def test_a_busy_company_is_told_of_a_loss_by_the_round_after_the_doubt() -> None:
    """Answers of later days come all the time, so the scorer has always read further than the last round."""
    chance = Random(1)
    two = Two(chance)

    def answer(id_: int, day: int) -> None:
        two.answers[id_] = Version(id_, 1, FIRST + timedelta(days=day), 1)
        two.seq += 1
        two.outbox.append((two.seq, two.answers[id_]))

    answer(0, 0)
    answer(1, 0)
    two.relay()
    two.lose = True
    two.consume()
    reported = Counter[str]()
    for night in range(1, 4):
        two.settle(rounds=1)
        answer(10 + night, night)
        two.relay()
        two.consume()
        found = two.audit()
        reported.update(found.differing)
        assert (found.differing == ["transactional/2026-11-20"]) == (night > 1)
        assert found.waiting == (2 if night == 1 else 1)
    assert reported == {"transactional/2026-11-20": 2}


def test_a_replica_that_lacks_a_total_of_a_round_is_not_compared() -> None:
    day = AnswerTotal(
        kind="day", version=3, measurement="transactional", day=FIRST, counts=(1,) * 11, since=(5,)
    )
    last = round_of([day], 3, since=(5,), until=(5,))
    nothing = OwnTotals({}, frozenset(), (5,))
    assert compare_totals(nothing, [day, last], []).differing == ["transactional/2026-11-20"]
    for replica in ([day], [last], [day, round_of([day, day], 3, since=(5,), until=(5,))]):
        found = compare_totals(nothing, replica, [])
        assert (found.compared, found.differing) == (0, [])


def test_days_whose_answers_may_be_anonymous_are_not_reported() -> None:
    day = AnswerTotal(
        kind="day", version=3, measurement="transactional", day=FIRST, counts=(1,) * 11, since=(5,)
    )
    last = round_of([day], 3, since=(5,), until=(5,))
    name = "transactional/2026-11-20"
    own = OwnTotals({name: OwnTotal((2,) * 11, 7)}, frozenset({name}), (5,))
    found = compare_totals(own, [day, last], [])
    assert (found.differing, found.waiting) == ([], 1)


def test_a_total_is_published_again_when_other_answers_make_the_same_counts() -> None:
    one = CountedTotal("transactional", FIRST, (1,) * 11, 7)
    (first,) = totals_to_publish([one], {}, 1, (3,))
    known = {total_name(first.total): first}
    assert totals_to_publish([one], known, 2, (9,)) == []
    (again,) = totals_to_publish([one._replace(versions_hash=8)], known, 2, (9,))
    assert (again.total.version, again.total.since) == (2, (9,))
    (gone,) = totals_to_publish([], known, 2, (9,))
    assert gone.total.counts == NO_COUNTS
    # A topic that was created again, which is shorter than it was.
    (anew,) = totals_to_publish([one], known, 2, (1,))
    assert anew.total.since == (1,)
