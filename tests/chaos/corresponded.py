"""The judge of mails between cases and customers, and of objections: what must be on each case, and what is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

Thing = TypeVar("Thing")
NOT_SENT = frozenset({"failed", "refused"})
"""States of mails that the customer has not."""


class WrittenFromCase(NamedTuple):
    """A mail that a colleague wrote, acknowledged by the API."""

    id: str
    case: str
    to: str
    """The customer's address."""


class WrittenBack(NamedTuple):
    """A mail of a customer that the product has taken."""

    text: str
    case: str
    automatic: bool


class Objected(NamedTuple):
    """A customer's objection to a closing, acknowledged by the page."""

    case: str
    closing: str


class SeenEntry(NamedTuple):
    """An entry of a timeline."""

    case: str
    seq: int
    kind: str
    text: str = ""
    mail: str = ""
    """Of a mail to a customer, its id."""
    closing: str = ""
    """Of an objection."""
    automatic: bool = False
    opened: bool = False


@dataclass(frozen=True)
class Corresponded:
    """All that was written, beside what cases and the mail server have."""

    written: Sequence[WrittenFromCase]
    back: Sequence[WrittenBack]
    objections: Sequence[Objected]
    arrived: Mapping[str, int]
    """How often the mail server took each mail from a case."""
    states: Mapping[str, str]
    """What each mail's case says of it."""
    closed: Mapping[str, bool]
    """Whether each case is closed at the end."""
    entries: Collection[SeenEntry]
    unsaid: Collection[str] = ()
    """Mails at whose end the server broke."""
    kills: int = 0
    """Of processes that send: each may leave the mail that it was sending unknown."""
    may_fail: Collection[str] = ()
    """Addresses that the server refused for good."""

    def faults(self) -> list[str]:
        """What was lost, done twice, or is on the wrong case; each in words."""
        found = [*self._sent(), *self._came_back(), *self._objected(), *self._opened()]
        if not (self.written and self.back and self.objections and self.arrived):
            found.append("wrong: nothing to judge")
        return found

    def _sent(self) -> list[str]:
        entries = Counter(one.mail for one in self.entries if one.kind == "mailed")
        known = {one.id for one in self.written}
        states = {one.id: self.states.get(one.id, "waiting") for one in self.written}
        refused = {
            one.id for one in self.written if states[one.id] in NOT_SENT and one.to not in self.may_fail
        }
        unsure = {id_ for id_, state in states.items() if state == "unknown" and id_ not in self.unsaid}
        found = told(
            ("lost: %s mails without a line on their case", known - entries.keys()),
            ("doubled: %s mails with two lines", twice(entries)),
            ("wrong: %s lines of mails that nobody wrote", entries.keys() - known),
            ("lost: %s mails that still wait", {id_ for id_, s in states.items() if s == "waiting"}),
            (
                "lost: %s mails that were sent and never came",
                {id_ for id_, s in states.items() if s == "sent"} - self.arrived.keys(),
            ),
            ("lost: %s mails that nothing kept from leaving", refused),
            ("doubled: %s mails that came twice", twice(self.arrived)),
            ("wrong: %s mails that nobody wrote came", self.arrived.keys() - known),
            (
                "wrong: %s mails that came and were not sent",
                {id_ for id_, s in states.items() if s in NOT_SENT} & self.arrived.keys(),
            ),
        )
        if len(unsure) > self.kills:
            found.append(f"lost: {len(unsure)} mails are unknown, by {self.kills} kills")
        return found

    def _came_back(self) -> list[str]:
        entries = [one for one in self.entries if one.kind == "wrote"]
        wanted = {(one.case, one.text): one.automatic for one in self.back}
        seen = Counter((one.case, one.text) for one in entries)
        return told(
            ("lost: %s mails of customers", {text for _, text in wanted.keys() - seen.keys()}),
            ("doubled: %s mails of customers", {text for _, text in twice(seen)}),
            (
                "wrong: %s mails of customers on a case that is not theirs",
                {text for _, text in seen.keys() - wanted.keys()},
            ),
            (
                "wrong: %s mails of customers that are marked wrongly",
                {
                    one.text
                    for one in entries
                    if wanted.get((one.case, one.text), one.automatic) != one.automatic
                },
            ),
        )

    def _objected(self) -> list[str]:
        entries = [one for one in self.entries if one.kind == "objected"]
        seen = Counter((one.case, one.closing) for one in entries)
        wanted = {(one.case, one.closing) for one in self.objections}
        idle = {(one.case, one.closing) for one in entries if not one.opened}
        return told(
            ("lost: %s objections", names(wanted - seen.keys())),
            ("doubled: %s objections", names(twice(seen))),
            ("wrong: %s objections that nobody made", names(seen.keys() - wanted)),
            ("lost: %s objections that did not open their case again", names(idle & wanted)),
        )

    def _opened(self) -> list[str]:
        """Each case in the order of its entries: what is open is not opened, and a customer's mail opens."""
        by_case: defaultdict[str, list[SeenEntry]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda one: one.seq):
            by_case[entry.case].append(entry)
        by_program, again, idle, differ = set(), set(), set(), set()
        for case, entries in by_case.items():
            closed = False
            for one in entries:
                if one.opened and one.automatic:
                    by_program.add(one.text)
                if one.opened and not closed:
                    again.add(f"{case} {one.seq}")
                if one.kind == "wrote" and not one.automatic and closed and not one.opened:
                    idle.add(one.text)
                closed = one.kind == "closed" or (closed and not one.opened)
            if self.closed.get(case) != closed:
                differ.add(case)
        return told(
            ("wrong: %s mails of programs that opened a case", by_program),
            ("doubled: %s times a case was opened that was open", again),
            ("lost: %s mails of customers that did not open their case again", idle),
            ("wrong: %s cases that are not as their lines say", differ),
        )


def twice(counts: Mapping[Thing, int]) -> set[Thing]:
    """What is there more than once."""
    return {one for one, n in counts.items() if n > 1}


def names(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Pairs of texts as one text each."""
    return {" ".join(pair) for pair in pairs}


def told(*found: tuple[str, Collection[str]]) -> list[str]:
    """Those of the faults that there are, each with how many and one of them."""
    return [f"{what % len(which)}, such as {min(which)}" for what, which in found if which]
