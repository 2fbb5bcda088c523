"""The pages about events: what each template sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Row

from services.dispatcher.decisions.event_names import shown_event_id
from services.dispatcher.decisions.explanation import decode_facts
from services.dispatcher.story.labels import (
    CHANNEL_LABELS,
    MAIL_FILTERS,
    MAIL_OUTCOMES,
    OUTCOMES,
    POSTPONE_RULES,
    REASON_OUTCOMES,
    SURVEY_OUTCOMES,
    decision_customer_label,
    outcome_label,
)
from services.dispatcher.story.search import EventSearch, Options, options
from services.dispatcher.story.steps import EventStory, StoryStep
from shared.events import Transaction
from shared.pages.language import spoken, translated
from shared.pages.page import Page
from shared.values.messages import Message


@dataclass(frozen=True)
class EventLine:
    """An event in the list."""

    row: Row[Any]
    name: str
    """Its id, as far as the reader may see it."""
    facts: Transaction
    outcome: str
    customer: str

    @classmethod
    def of(cls, row: Row[Any], *, with_case: bool, sees_names: bool) -> "EventLine":
        """A row of the list; ``with_case``: cases may be shown; ``sees_names``: customers, too."""
        outcome = outcome_label(row, with_case=with_case)
        return cls(
            row,
            shown_event_id(row.source, row.source_id, sees_names=sees_names),
            decode_facts(row.facts),
            outcome,
            decision_customer_label(row.customer_id, row.person),
        )


@dataclass(frozen=True)
class OutcomeCount:
    """An outcome other than being asked."""

    words: str
    n: int
    link: str
    """The list of these events."""


@dataclass(frozen=True)
class EventOutcomes:
    """What became of the events of a period."""

    n: int
    asked: int
    others: Sequence[OutcomeCount]
    """Why the others were not asked, the most frequent first; of one survey, whom it asks, too."""
    all_counted: bool

    @classmethod
    def of(cls, counts: Mapping[str, int], most: int, period: EventSearch) -> "EventOutcomes":
        """From the counts by outcome of at most so many events; ``period``: of which days they are."""
        n = sum(counts.values())
        others = [
            OutcomeCount(
                spoken(OUTCOMES[one] if one in OUTCOMES else SURVEY_OUTCOMES[one]),
                count,
                # That another survey asks is no reason by which events are searched.
                period.link(**({} if one not in OUTCOMES else {_filter_of(one): one})),
            )
            for one, count in counts.items()
            if one != "invited" or period.survey
        ]
        return cls(n, counts.get("invited", 0), others, n < most)


def _filter_of(outcome: str) -> str:
    return "state" if outcome in MAIL_OUTCOMES else "reason"


@dataclass(frozen=True)
class WiderSearch:
    """A filter that is given, and the search without it."""

    words: str
    link: str


@dataclass(frozen=True)
class SearchForm:
    """The values that the selects of the search have; a select of one channel alone is not shown."""

    reasons: Options
    surveys: Options
    states: Options
    holds: Options
    channels: Options

    @classmethod
    def of(cls, surveys: Mapping[str, str]) -> "SearchForm":
        """``surveys``: the names by id, in their order."""
        channels = options(CHANNEL_LABELS, translated("any"))
        return cls(
            options(REASON_OUTCOMES, translated("any")),
            [("", translated("any")), *surveys.items()],
            options(MAIL_FILTERS, translated("any")),
            options(POSTPONE_RULES, translated("any")),
            channels if len(CHANNEL_LABELS) > 1 else [],
        )


@dataclass(frozen=True, kw_only=True)
class EventsPage(Page):
    """The list of events, newest first."""

    template: ClassVar[str] = "events.html"
    events: Sequence[EventLine]
    outcomes: EventOutcomes
    """Of today, or of the period that is searched; of a narrower search nothing is counted."""
    search: EventSearch
    form: SearchForm
    searched_for: str
    """What is searched for, in words; empty: all events."""
    wider: Sequence[WiderSearch]
    before: str
    """The cursor of this page; empty on the first one."""
    more: str | None
    """The cursor of the next page."""
    staff_url: str


@dataclass(frozen=True, kw_only=True)
class EventPage(Page):
    """Everything of one event, step by step."""

    template: ClassVar[str] = "event.html"
    name: str
    """The event's id, as far as the reader may see it."""
    story: EventStory
    steps: Sequence[StoryStep]
    differing: Sequence[str]
    left_out: Sequence[str]
    mail_reason: str
    """Why its mail was not sent, or may not have been; empty where nothing is known."""
    held_by: str
    """The rules by which its mail was held at the decision, in words; empty: it was not."""
    postponed_by: str
    """The same of a mail that was postponed when it was due, and waits, by a version that kept no changes."""
    changes_cut: bool
    """Whether older changes of the mail may have been removed for newer ones."""
    from_profile: str
    """What of the customer was known before, in words; empty: the event itself said all that is known."""
    asked_at: datetime | None
    """When the customer had been asked, where its mail was dropped since that was not long before."""
    outcomes: Mapping[str, Message]
    """What became of a survey that the event matched, in words."""
    hold_rules: Mapping[str, Message]
    """What holds a mail, in words."""
    sees_cases: bool
    """Whether the reader may see whatever case a customer has."""
    channels: Mapping[str, Message]
    """By which somebody is asked, in words."""
    by_sms: bool
    """Whether the customer is asked by text message."""
    failures: Mapping[UUID, Sequence[str]]
    """By survey: the comparisons for which the event did not meet its conditions."""
    basis_lines: Mapping[UUID, Sequence[str]]
    """By survey: why the law of the customer's country forbade it to ask."""
    customer: str
    customer_is_kept: bool
    """Whether it is still known whose event it was."""
    segments: Sequence[str]
    """Those that an answer counts for and whose scores the reader may see."""
