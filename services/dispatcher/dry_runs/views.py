"""What a dry run found, as the pages of the rules that were tried show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.dispatcher.dry_runs import simulation
from services.dispatcher.dry_runs.domain import DryRun, Outcome
from services.dispatcher.story.labels import REASON_WORDS
from shared.pages.language import spoken, translated


@dataclass(frozen=True, kw_only=True)
class TriedChange:
    """Events that had one outcome and would have had another one, both in words."""

    was: str
    would_be: str
    events: int
    examples: Sequence[UUID]


@dataclass(frozen=True, kw_only=True)
class DryRunPart:
    """What the rules in the form would have done with the events of the last days."""

    days: int
    events: int
    all_counted: bool
    asked: int
    would_ask: int
    outcomes: Sequence[tuple[str, int, int]]
    """Each in words, with how many events had it and would have had it; the most frequent first."""
    changes: Sequence[TriedChange]
    with_counter_events: bool
    """Whether the result may differ a little also under unchanged rules."""

    @classmethod
    def of(cls, made: DryRun, names: Mapping[UUID, str]) -> "DryRunPart":
        """A dry run as the page shows it.

        :param names: of the surveys that are there, and of the one that was tried.
        """
        reasons = {*made.was, *made.would_be}
        outcomes = [
            (_reason(reason), made.was.get(reason, 0), made.would_be.get(reason, 0)) for reason in reasons
        ]
        return cls(
            days=simulation.DEFAULT_DAYS,
            events=made.events,
            all_counted=made.all_counted,
            asked=made.was.get("invited", 0),
            would_ask=made.would_be.get("invited", 0),
            outcomes=sorted(outcomes, key=lambda line: (-max(line[1:]), line[0])),
            changes=[
                TriedChange(
                    was=_outcome(one.was, names),
                    would_be=_outcome(one.would_be, names),
                    events=one.events,
                    examples=one.examples,
                )
                for one in made.changes
            ],
            with_counter_events=made.with_counter_events,
        )


def _reason(reason: str) -> str:
    words = REASON_WORDS.get(reason)
    return spoken(words.short) if words is not None and words.short is not None else reason


def _outcome(outcome: Outcome, names: Mapping[UUID, str]) -> str:
    if outcome.survey_id is None or outcome.survey_id not in names:
        return _reason(outcome.reason)
    return translated("Asked by %(survey)s") % {"survey": names[outcome.survey_id]}
