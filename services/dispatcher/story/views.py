"""The pages about events: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.story.labels import OUTCOMES, decision_customer_label, outcome_label
from services.dispatcher.story.steps import EventStory, StoryStep
from shared.events import Transaction
from shared.pages.language import spoken
from shared.pages.page import Page
from shared.values.messages import Message


@dataclass(frozen=True)
class EventLine:
    """An event in the list."""

    row: Row[Any]
    facts: Transaction
    outcome: str
    customer: str

    @classmethod
    def of(cls, row: Row[Any], *, with_case: bool) -> "EventLine":
        """A row of the list; ``with_case``: cases may be shown."""
        outcome = outcome_label(row, with_case=with_case)
        return cls(
            row, decode_facts(row.facts), outcome, decision_customer_label(row.customer_id, row.person)
        )


@dataclass(frozen=True)
class TodaysOutcomes:
    """What became of today's events."""

    n: int
    asked: int
    others: list[tuple[str, int]]
    """Why the others were not asked, the most frequent first."""
    all_counted: bool

    @classmethod
    def of(cls, counts: Mapping[str, int], most: int) -> "TodaysOutcomes":
        """From the counts by outcome of at most so many events."""
        n = sum(counts.values())
        others = [(spoken(OUTCOMES[one]), count) for one, count in counts.items() if one != "invited"]
        return cls(n, counts.get("invited", 0), others, n < most)


@dataclass(frozen=True, kw_only=True)
class EventsPage(Page):
    """The list of events, newest first."""

    template: ClassVar[str] = "events.html"
    events: Sequence[EventLine]
    today: TodaysOutcomes
    q: str
    sought: str
    """What ``q`` searches for, as the page writes it."""
    before: str
    """The cursor of this page; empty on the first one."""
    more: str | None
    """The cursor of the next page."""
    staff_url: str


@dataclass(frozen=True, kw_only=True)
class EventPage(Page):
    """Everything of one event, step by step."""

    template: ClassVar[str] = "event.html"
    story: EventStory
    steps: Sequence[StoryStep]
    differing: Sequence[str]
    left_out: Sequence[str]
    mail_reason: str
    """Why its mail was not sent, or may not have been; empty where nothing is known."""
    outcomes: Mapping[str, Message]
    """What became of a survey that the event matched, in words."""
    failures: Mapping[UUID, Sequence[str]]
    """By survey: the comparisons for which the event did not meet its conditions."""
    customer: str
    customer_is_kept: bool
    """Whether it is still known whose event it was."""
    segments: Sequence[str]
    """Those that an answer counts for and whose scores the reader may see."""
