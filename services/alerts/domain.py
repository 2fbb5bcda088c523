"""What a case is, who may do what to it, and when: no database, no web.

A case changes only through the methods here. Each of them that changes something adds one line to what
happened, numbered by the case's version, so that nothing that was done can be done without a trace.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec

from shared.events import Answer, Case, CaseState, segments_of

URGENT = 3
FRESH = timedelta(hours=48)
QUIET = timedelta(minutes=2)
CONTACT_WITHIN = {True: timedelta(hours=24), False: timedelta(hours=48)}
CLOSE_WITHIN = timedelta(days=7)
SHOWN_FOR = timedelta(hours=1)
"""How long an address stays readable for the person who asked for it."""
LONGEST = 10_000
"""Characters of a note."""

CAUSES: dict[str, tuple[str, ...]] = {
    "delivery": ("late", "lost", "damaged", "wrong"),
    "product": ("quality", "fit", "missing_feature"),
    "price": ("level", "increase", "transparency"),
    "billing": ("wrong", "refund", "method"),
    "contact": ("wait", "unreachable", "no_callback"),
    "people": ("attitude", "competence"),
    "communication": ("missing", "wrong", "unclear"),
    "digital": ("bug", "login", "usability"),
    "process": ("effort", "return", "terms"),
}
CAUSE_CODES = (*(f"{theme}.{part}" for theme, parts in CAUSES.items() for part in parts), "other")
Outcome = Literal["recovered", "explained", "not_solvable", "lost"]
OUTCOMES: tuple[Outcome, ...] = ("recovered", "explained", "not_solvable", "lost")
How = Literal["call", "mail", "meeting"]
HOWS: tuple[How, ...] = ("call", "mail", "meeting")
Kind = Literal[
    "opened",
    "amended",
    "again",
    "consent",
    "told",
    "taken",
    "assigned",
    "released",
    "contact",
    "note",
    "revealed",
    "closed",
    "reopened",
    "restored",
]


class NotDone(Exception):
    """Somebody else decided a moment ago: nothing was changed. The message says who and what."""


class NotPossible(Exception):
    """It cannot be done to this case as it stands. The message says why."""


class By(msgspec.Struct, frozen=True):
    """Who does something: a person, or a key by its name."""

    id: UUID | None
    name: str
    seen: tuple[UUID, ...] = ()
    """The answers of the case that they may read: what they write may be about any of these."""


SYSTEM = By(None, "Afterword")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what happened. ``seq`` is the case's version after it."""

    tenant: str
    case_id: UUID
    seq: int
    at: datetime
    kind: Kind
    by_id: UUID | None = None
    by_name: str = ""
    facts: dict[str, Any] = {}
    key: str | None = None
    """The idempotency key of the request that caused it."""
    answers: list[UUID] | None = None
    """The answers it is about: who may not read all of these does not read it. None: written before this was
    kept.
    """


class CaseFile(msgspec.Struct, kw_only=True):
    """A case with all that is published of it; ``entries`` are the lines not yet written down."""

    tenant: str
    id: UUID
    number: int
    version: int = 0
    decided_version: int = 0
    """The version at which somebody last decided: took, assigned, closed, reopened."""
    decided_by: str = ""
    state: CaseState = "open"
    answer_id: UUID
    event_id: UUID | None = None
    customer_id: str | None = None
    score: int
    touchpoint: str | None = None
    segments: dict[str, str] = {}
    organisation: list[str] = []
    belongs: list[str] = []
    owner_id: UUID | None = None
    cause: str | None = None
    action: str | None = None
    outcome: Outcome | None = None
    told: bool | None = None
    opened_at: datetime
    contact_due_at: datetime
    close_due_at: datetime
    due_at: datetime
    first_contact_at: datetime | None = None
    closed_at: datetime | None = None
    changed_at: datetime
    contact_key: str = ""
    """The keyed hash of the person's address; empty: not known."""
    may_contact: bool | None = None
    """The customer's last word on being contacted; None: was not asked or did not say."""

    @property
    def waits_for_contact(self) -> bool:
        """Whether the clock of the first contact runs: never against the customer's will."""
        return self.first_contact_at is None and self.may_contact is not False

    def is_of(self, customer_id: str | None, contact_key: str) -> bool:
        """Whether it may be this person's: of one customer id, and of one address as far as both are
        known.
        """
        if customer_id is None or self.customer_id != customer_id:
            return False
        return self.contact_key == contact_key or not self.contact_key or not contact_key

    def begin(self, entries: list[Entry], score: int, first_score: int | None) -> None:
        """The first line: the answer that opened it."""
        self._add(
            entries,
            self.opened_at,
            SYSTEM,
            "opened",
            answers=[self.answer_id],
            score=score,
            first_score=first_score,
        )

    def again(self, entries: list[Entry], now: datetime, answer: Answer) -> None:
        """The same customer is unhappy again while this case is open: it stays one case."""
        since = answer.answered_at or now
        self.contact_due_at = min(self.contact_due_at, since + CONTACT_WITHIN[(answer.score or 0) <= URGENT])
        self.contact_key = self.contact_key or answer.contact_key or ""
        facts: dict[str, Any] = {"answer_id": str(answer.id), "score": answer.score}
        self._add(entries, now, SYSTEM, "again", answers=[answer.id], **facts)

    def amended(self, entries: list[Entry], now: datetime, answer: Answer, before: int) -> None:
        """The customer chose another score. A better one closes nothing by itself, but is told."""
        score = before if answer.score is None else answer.score
        if answer.id == self.answer_id:
            self.score = score
            if score <= URGENT:
                earlier = (answer.answered_at or self.opened_at) + CONTACT_WITHIN[True]
                self.contact_due_at = min(self.contact_due_at, earlier)
        self._add(entries, now, SYSTEM, "amended", answers=[answer.id], before=before, score=score)

    def weigh(self, entries: list[Entry], now: datetime, answers: Sequence[Answer]) -> None:
        """All its answers as they stand: in which segments it lies, and whether the customer may be
        contacted.

        Who allows it again gets as much time as at first.
        """
        self.belongs = sorted({segment for answer in answers for segment in segments_of(answer)})
        last = last_word(answers)
        if last is None or last.may_contact == self.may_contact:
            return
        if self.may_contact is False:
            again = last.changed_at + CONTACT_WITHIN[self.score <= URGENT]
            self.contact_due_at = max(self.contact_due_at, again)
        self.may_contact = last.may_contact
        self._add(entries, now, SYSTEM, "consent", answers=[last.id], may_contact=last.may_contact)

    def team_told(self, entries: list[Entry], now: datetime, people: int, answer: UUID) -> None:
        """So many colleagues get a mail about an answer."""
        self._add(entries, now, SYSTEM, "told", answers=[answer], people=people)

    def take(self, entries: list[Entry], now: datetime, by: By, seen: int | None) -> None:
        """Make it one's own. To take what one has already changes nothing.

        :raises NotDone: when somebody else was faster.
        """
        if self.state == "closed":
            raise NotDone(f"Not taken: {self.decided_by} closed this case{self._moment(now)}.")
        if by.id is None:
            raise NotPossible("A key cannot own a case. Assign it to a person.")
        if self.owner_id == by.id:
            return
        if self.owner_id is not None:
            self._unless_decided("taken", "took", now, seen)
            raise NotPossible("Somebody else has this case. A team leader can hand it over.")
        self.owner_id, self.state = by.id, "assigned"
        self._decide(entries, now, by, "taken", answers=[])

    def assign(self, entries: list[Entry], now: datetime, by: By, to: By, seen: int | None) -> None:
        """Give it to somebody.

        :raises NotDone: when somebody else has decided since.
        """
        if self.state == "closed":
            raise NotPossible("This case is closed. Open it again first.")
        if self.owner_id == to.id:
            return
        self._unless_decided("assigned", "changed", now, seen)
        self.owner_id, self.state = to.id, "assigned"
        self._decide(entries, now, by, "assigned", answers=[], to=to.name)

    def release(
        self, entries: list[Entry], now: datetime, by: By, seen: int | None, *, may_assign: bool
    ) -> None:
        """Put it back, so that somebody else can take it.

        :raises NotDone: when somebody else has decided since.
        """
        if self.state == "closed":
            raise NotPossible("This case is closed. Open it again first.")
        if self.owner_id is None:
            return
        self._unless_decided("put back", "changed", now, seen)
        if self.owner_id != by.id and not may_assign:
            raise NotPossible("Only its owner, a team leader or an administrator puts a case back.")
        self.owner_id, self.state = None, "open"
        self._decide(entries, now, by, "released", answers=[])

    def contact(
        self, entries: list[Entry], now: datetime, by: By, how: How, reached: bool, text: str, key: str | None
    ) -> None:
        """Somebody tried to speak to the customer; the first time that it worked stops the first clock.

        :raises NotPossible: when the customer does not want it.
        """
        if self.may_contact is False:
            raise NotPossible("The customer does not want to be contacted. Write a note instead.")
        if reached and self.first_contact_at is None:
            self.first_contact_at = now
        self._add(entries, now, by, "contact", key, how=how, reached=reached, text=text)

    def note(self, entries: list[Entry], now: datetime, by: By, text: str, key: str | None) -> None:
        """Something for the colleagues."""
        self._add(entries, now, by, "note", key, text=text)

    def reveal(self, entries: list[Entry], now: datetime, by: By, what: str) -> None:
        """Somebody looks at the customer's address or number."""
        self._add(entries, now, by, "revealed", what=what)

    def close(
        self,
        entries: list[Entry],
        now: datetime,
        by: By,
        closing: "Closing",
        seen: int | None,
        key: str | None,
    ) -> None:
        """The end, with what was learnt.

        :raises NotDone: when somebody else has decided since.
        """
        if self.state == "closed":
            raise NotDone(f"Not saved: {self.decided_by} closed this case{self._moment(now)}.")
        self._unless_decided("saved", "changed", now, seen)
        self.state, self.closed_at = "closed", now
        self.cause, self.action = closing.cause, closing.action
        self.outcome, self.told = closing.outcome, closing.told
        facts: dict[str, Any] = {
            "cause": closing.cause,
            "text": closing.action,
            "outcome": closing.outcome,
            "told": closing.told,
        }
        self._decide(entries, now, by, "closed", key, **facts)

    def reopen(
        self, entries: list[Entry], now: datetime, by: By, text: str, key: str | None, seen: int | None = None
    ) -> None:
        """It was not over after all; a new week begins.

        :raises NotDone: when somebody else has decided since.
        """
        if self.state != "closed":
            return
        self._unless_decided("opened", "changed", now, seen)
        self.state = "assigned" if self.owner_id else "open"
        self.closed_at = self.cause = self.action = self.outcome = self.told = None
        self.close_due_at = now + CLOSE_WITHIN
        self._decide(entries, now, by, "reopened", key, text=text)

    def restored(self, entries: list[Entry], now: datetime) -> None:
        """It was taken back from what was said of it: what stood on this page alone is lost."""
        self._add(entries, now, SYSTEM, "restored", answers=[])

    def published(self) -> Case:
        """What the other services hear of it; notes and words stay here."""
        return Case(
            id=self.id,
            number=self.number,
            version=self.version,
            state=self.state,
            answer_id=self.answer_id,
            event_id=self.event_id,
            customer_id=self.customer_id,
            contact_key=self.contact_key or None,
            score=self.score,
            touchpoint=self.touchpoint,
            segments=self.segments,
            organisation=tuple(self.organisation),
            belongs=tuple(self.belongs),
            may_contact=self.may_contact,
            owner=str(self.owner_id) if self.owner_id else None,
            cause=self.cause,
            outcome=self.outcome,
            opened_at=self.opened_at,
            due_at=self.due_at,
            first_contact_at=self.first_contact_at,
            closed_at=self.closed_at,
        )

    def _unless_decided(self, done: str, did: str, now: datetime, seen: int | None) -> None:
        if seen is not None and self.decided_version > seen:
            raise NotDone(f"Not {done}: {self.decided_by} {did} this case{self._moment(now)}.")

    def _moment(self, now: datetime) -> str:
        return " a moment ago" if now - self.changed_at < timedelta(minutes=10) else ""

    def _decide(
        self,
        entries: list[Entry],
        now: datetime,
        by: By,
        kind: Kind,
        key: str | None = None,
        answers: list[UUID] | None = None,
        **facts: Any,
    ) -> None:
        self._add(entries, now, by, kind, key, answers, **facts)
        self.decided_version, self.decided_by = self.version, by.name

    def _add(
        self,
        entries: list[Entry],
        now: datetime,
        by: By,
        kind: Kind,
        key: str | None = None,
        answers: list[UUID] | None = None,
        **facts: Any,
    ) -> None:
        self.version += 1
        self.changed_at = now
        self.due_at = self.contact_due_at if self.waits_for_contact else self.close_due_at
        entries.append(
            Entry(
                tenant=self.tenant,
                case_id=self.id,
                seq=self.version,
                at=now,
                kind=kind,
                by_id=by.id,
                by_name=by.name,
                facts=facts,
                key=key,
                answers=list(by.seen) if answers is None else answers,
            )
        )


def last_word(answers: Sequence[Answer]) -> Answer | None:
    """The answer in which the customer last said whether they may be contacted."""
    told = [answer for answer in answers if answer.may_contact is not None]
    return max(told, key=lambda answer: (answer.changed_at, answer.id), default=None)


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What closing needs."""

    cause: str
    action: str
    outcome: Outcome
    told: bool


def closing_faults(cause: str, action: str, outcome: str, told: str) -> list[tuple[str, str]]:
    """All that is missing, at once: the field and what to do."""
    faults = []
    if cause not in CAUSE_CODES:
        faults.append(("cause", "Choose a cause. Without it nobody learns from this case."))
    faults += text_faults("action", action, "Write what we did.")
    if outcome not in OUTCOMES:
        faults.append(("outcome", "Choose how it ended."))
    if told not in {"yes", "no"}:
        faults.append(("told", "Say whether the customer has been told."))
    return faults


def text_faults(field: str, text: str, missing: str) -> list[tuple[str, str]]:
    """A text that is needed and may not be endless."""
    if not text.strip():
        return [(field, missing)]
    if len(text) > LONGEST:
        return [(field, f"Make it shorter: at most {LONGEST:,} characters.")]
    return []
