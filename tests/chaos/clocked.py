"""Cases whose clocks come due, what their people do meanwhile, and the judge of what the clocks did."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

Fate = Literal["runs", "closed", "paused", "resumed"]
"""What somebody does to a case while its clock runs."""
LEVELS = (1, 2)
"""Of escalation; level 0 is the warning before them."""


class DoneStep(NamedTuple):
    """An entry of a case's timeline by its clock."""

    seq: int
    level: int


@dataclass
class ClockedCase:
    """A case of the scenario."""

    id: UUID
    fate: Fate
    stopped: tuple[int, int | None] | None = None
    """Its versions after which its clock stood still, and after which it ran on; None: for ever."""
    steps: Sequence[DoneStep] = ()
    told: Mapping[int, int] = field(default_factory=dict)
    """By level: mails that are queued about the step."""

    @property
    def must_end(self) -> bool:
        """Whether its clock runs to its last level."""
        return self.fate in {"runs", "resumed"}


@dataclass(frozen=True)
class ClockedCases:
    """All of them, with what the database and the mailbox hold at the end."""

    cases: Collection[ClockedCase]
    mails: Mapping[str, int]
    """How often each mail is in the mailbox."""
    queued: Mapping[str, str]
    """The state of each mail that was queued."""

    def faults(self) -> list[str]:
        """What was lost, done twice, or done for a case whose clock stands still; each in words."""
        found: list[str] = []
        for what, which in (
            ("lost: %s levels that nobody was told of", self._missing()),
            ("doubled: %s steps that were done again", self._doubled()),
            ("doubled: %s mails about one step", self._told_again()),
            ("lost: %s levels without a mail", self._untold()),
            ("wrong: %s steps of clocks that stood still", self._still()),
            ("doubled: %s mails that were sent again", [id_ for id_, n in self.mails.items() if n > 1]),
            (
                "lost: %s mails that still wait",
                [id_ for id_, s in self.queued.items() if s in {"waiting", "sending"}],
            ),
        ):
            if which:
                found.append(f"{what % len(which)}, such as {which[0]}")
        if not any(case.must_end for case in self.cases):
            found.append("wrong: no clock was to run to its end")
        return found

    def _missing(self) -> list[str]:
        return [
            f"{case.id} {level}"
            for case in self.cases
            if case.must_end
            for level in LEVELS
            if level not in {step.level for step in case.steps}
        ]

    def _doubled(self) -> list[str]:
        counts = {case.id: Counter(step.level for step in case.steps) for case in self.cases}
        return [f"{id_} {level}" for id_, levels in counts.items() for level, n in levels.items() if n > 1]

    def _told_again(self) -> list[str]:
        return [
            f"{case.id} {level}" for case in self.cases for level in LEVELS if case.told.get(level, 0) > 1
        ]

    def _untold(self) -> list[str]:
        return [
            f"{case.id} {step.level}"
            for case in self.cases
            for step in case.steps
            if step.level and not case.told.get(step.level)
        ]

    def _still(self) -> list[str]:
        return [
            f"{case.id} {step.level}"
            for case in self.cases
            if case.stopped is not None
            for step in case.steps
            if step.seq > case.stopped[0] and (case.stopped[1] is None or step.seq <= case.stopped[1])
        ]
