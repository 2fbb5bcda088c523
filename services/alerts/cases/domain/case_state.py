"""The state of a case, and how an entry is added to its timeline with each change."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from services.alerts.calendars.working_time import Pause
from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_clocks import ClockName, ClockStep
from services.alerts.cases.domain.closing import CaseOutcome
from services.alerts.cases.domain.timeline import CaseEntry, Entries, EntryKind
from services.alerts.rules.clocks import Clocks, Priority
from services.alerts.rules.domain import default_clocks
from shared.events import CaseState


class CaseStateFields(msgspec.Struct, kw_only=True):
    """The fields of a case: one for each column of its table."""

    tenant: str
    id: UUID
    number: int
    version: int = 0
    decided_version: int = 0
    """The version at which somebody last decided: took, assigned, released, closed, reopened."""
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
    """The segments of all its answers."""
    owner_id: UUID | None = None
    cause: str | None = None
    action: str | None = None
    outcome: CaseOutcome | None = None
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
    """What the customer last said about being contacted; None: not asked, or not said."""
    person: str | None = None
    """The pseudonym of the customer; None: not known yet; empty: of nobody, or erased."""
    erased: bool = False
    """Whether everything of the customer was erased from it."""
    anonymous: bool = False
    """Whether its answer is kept without a person: there is nobody to contact."""
    priority: Priority = "normal"
    """The most urgent of the rules that its answers meet."""
    rule_name: str | None = None
    """The rule that opened it; None: a version without rules did, or it came back from its event alone."""
    rules_version: int | None = None
    """The version of the rules at that time; 0: the defaults."""
    team_id: UUID | None = None
    routed_to: list[UUID] = []
    """Whom the routing chose; empty: everybody who may see it."""
    clocks: Clocks | None = None
    """The time limits that hold for it; None: those of the default rules."""
    contact_steps: list[ClockStep] = []
    contact_steps_done: int = 0
    """How many of them have been done: none is done twice."""
    close_steps: list[ClockStep] = []
    close_steps_done: int = 0
    waiting_since: datetime | None = None
    """Since when its clocks are paused, while the customer is to answer; None: they run."""
    waiting_calendar: Calendar | None = None
    """By which the time that is left counted when they were paused; None: around the clock, or they run."""
    wake_at: datetime | None = None
    """When its clocks run on by themselves, while they are paused."""
    last_worked_at: datetime | None = None
    """When a colleague last spoke to the customer, tried to, or wrote something down."""
    reopened_at: datetime | None = None
    merged_into: UUID | None = None
    """The case in which the work goes on, of one that was merged."""
    next_step_at: datetime | None = None
    """The deadline that is set for it in ``clock``."""

    @property
    def time_limits(self) -> Clocks:
        """The time limits that hold for it."""
        return self.clocks or default_clocks(self.score)

    @property
    def pending_steps(self) -> list[tuple[ClockName, ClockStep]]:
        """What is still to be done by its clocks as far as they run, each in its order."""
        if self.state == "closed" or self.waiting_since is not None:
            return []
        closing = [("closing", step) for step in self.close_steps[self.close_steps_done :]]
        contact = [("contact", step) for step in self.contact_steps[self.contact_steps_done :]]
        return [*(contact if self.waits_for_contact else ()), *closing]

    @property
    def next_step(self) -> datetime | None:
        """When the next of them is due, or the clocks run on."""
        if self.waiting_since is not None:
            return self.wake_at
        return min((step.at for _, step in self.pending_steps), default=None)

    @property
    def may_be_contacted(self) -> bool:
        """Whether there is a customer to contact, who has not said no."""
        return self.may_contact is not False and not self.anonymous

    @property
    def waits_for_contact(self) -> bool:
        """Whether the deadline of the first contact runs: never against the customer's will."""
        return self.first_contact_at is None and self.may_be_contacted

    def may_be_of(self, person: str | None, customer_id: str | None, contact_key: str) -> bool:
        """Whether it may be this person's: the same customer, and no other address as far as known.

        The customer is known by the pseudonym, and by the id: another pseudonym of the same id is older or
        newer than the list of ids that stand for nobody.
        """
        same = bool(person) and self.person == person
        same = same or (customer_id is not None and self.customer_id == customer_id)
        return same and (self.contact_key == contact_key or not self.contact_key or not contact_key)

    def _next_due(self) -> datetime:
        """When something is due next; while it waits: as much working time after its wait as was left."""
        due = self.contact_due_at if self.waits_for_contact else self.close_due_at
        if self.waiting_since is None or self.wake_at is None:
            return due
        pause = Pause(self.waiting_since, self.waiting_calendar, self.wake_at, self.waiting_calendar)
        return max(pause.resumed(due), self.wake_at)

    def _add(
        self,
        entries: Entries,
        now: datetime,
        actor: Actor,
        kind: EntryKind,
        key: str | None = None,
        answers: list[UUID] | None = None,
        **facts: Any,
    ) -> None:
        self.version += 1
        self.changed_at = now
        self.due_at = self._next_due()
        entries.append(
            CaseEntry(
                tenant=self.tenant,
                case_id=self.id,
                seq=self.version,
                at=now,
                kind=kind,
                by_id=actor.id,
                by_name=actor.name,
                facts=facts,
                key=key,
                answers=list(actor.readable) if answers is None else answers,
            )
        )
