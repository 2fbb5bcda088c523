"""The judge of what people and channels are told: what must be told, what is queued, and what came."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

UNSETTLED = frozenset({"waiting", "sending"})
GIVEN_UP = frozenset({"failed", "dropped", "refused", "expired"})
"""States in which a message was not sent, and never will be."""


class Told(NamedTuple):
    """One thing that one receiver is told: a person by mail, a browser, or a channel of a chat."""

    to: str
    about: str


class QueuedThing(NamedTuple):
    """A thing as it is queued, with how its message stands."""

    told: Told
    state: str
    message: str
    """All things of one digest have the same."""
    lane: str
    """What sends it: at a fault it loses sight of one message at most."""
    seq: int = 0


@dataclass(frozen=True)
class ToldThings:
    """All that was told, beside what was to be."""

    wanted: Mapping[Told, bool]
    """Whether it must be told; False: it may be."""
    queued: Collection[QueuedThing]
    came: Sequence[Told]
    """What receivers took, or may have taken, in that order."""
    unsure: Mapping[str, int]
    """How many messages of each lane may be unknown: one for each fault that may have met one."""
    cut: Mapping[str, int] = field(default_factory=dict)
    """How many lines were left out of the digests of a receiver, which only counts them."""
    ordered: Collection[str] = ()
    """Receivers that are told in the order of the queue."""

    def faults(self) -> list[str]:
        """What was lost, told twice, or told to whom it is not for; each in words."""
        came, queued = Counter(self.came), Counter(one.told for one in self.queued)
        must = {told for told, needed in self.wanted.items() if needed}
        given_up = {one.told for one in self.queued if one.state in GIVEN_UP}
        found: list[str] = []
        for what, which in (
            ("lost: %s things that nobody queued", must - queued.keys()),
            ("lost: %s things that still wait", {one.told for one in self.queued if one.state in UNSETTLED}),
            ("lost: %s things that were given up", given_up & must),
            ("lost: %s things that were sent and never came", self._never_came(came)),
            ("doubled: %s things that are queued twice", {told for told, n in queued.items() if n > 1}),
            ("doubled: %s things that came twice", {told for told, n in came.items() if n > 1}),
            ("wrong: %s things for somebody else", (queued.keys() | came.keys()) - self.wanted.keys()),
            ("wrong: %s things that came and were given up", given_up & came.keys()),
            ("wrong: %s things that came and were not queued", came.keys() - queued.keys()),
        ):
            if which:
                found.append(f"{what % len(which)}, such as {' '.join(min(which))}")
        found += self._unsure_beyond()
        found += [f"reordered: what {to} is told" for to in self.ordered if not self._in_order(to)]
        if not must:
            found.append("wrong: nothing was to be told")
        return found

    def _never_came(self, came: Mapping[Told, int]) -> set[Told]:
        missing: dict[str, set[Told]] = defaultdict(set)
        for one in self.queued:
            if one.state == "sent" and one.told not in came:
                missing[one.told.to].add(one.told)
        return {told for to, each in missing.items() if len(each) > self.cut.get(to, 0) for told in each}

    def _unsure_beyond(self) -> list[str]:
        """More messages are unknown than faults can have met."""
        unknown: dict[str, set[str]] = defaultdict(set)
        for one in self.queued:
            if one.state == "unknown":
                unknown[one.lane].add(one.message)
        return [
            f"lost: {len(messages)} messages of {lane} are unknown, by {self.unsure.get(lane, 0)} faults"
            for lane, messages in sorted(unknown.items())
            if len(messages) > self.unsure.get(lane, 0)
        ]

    def _in_order(self, to: str) -> bool:
        """Of those that were sent: an unknown one may have left a process that was frozen meanwhile."""
        places = {one.told: one.seq for one in self.queued if one.state == "sent"}
        seqs = [places[told] for told in dict.fromkeys(self.came) if told.to == to and told in places]
        return seqs == sorted(seqs)
