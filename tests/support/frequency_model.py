"""Who may be asked how often, once more: a model of a company that remembers everything and compares it all.

It is written from the words of the rules alone, and has neither a database nor anything of the product.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Copenhagen")
"""The company's."""


@dataclass(frozen=True)
class Rules:
    """A survey as an editor has set it."""

    survey: str
    event_type: str
    days: int
    scope: str
    measurement: str
    touchpoint: str | None
    delay: timedelta
    max_age: timedelta
    holding: timedelta = timedelta(0)
    """Until a mail has left, it gives way to an event of a survey before this one."""
    live: bool = True


@dataclass(frozen=True)
class Happened:
    """An event; its customer has an id, an address, or both, and a number."""

    id: str
    type: str
    customer_id: str | None
    address: str
    """Of a customer without one, the number."""
    number: str
    at: datetime
    touchpoint: str | None = None
    delay: timedelta | None = None


@dataclass
class Question:
    """One time at which somebody was asked, by us or (without a survey) by another system."""

    who: str
    """The address; of what another system asked, an id, or the address where there is none."""
    at: datetime
    measurement: str
    touchpoint: str | None
    survey: str | None = None
    event: Happened | None = None
    state: str = "waiting"


@dataclass
class Model:
    """One company."""

    surveys: list[Rules] = field(default_factory=list)
    """In their order."""
    distance: timedelta = timedelta(0)
    """A relational survey asks nobody whom a transactional one asks so soon before or after."""
    shared: bool = False
    """Whether an id stands for several people, each with an address."""
    texts: bool = False
    """Whether all surveys ask by SMS, so that a number may be asked no more often than an address."""
    questions: list[Question] = field(default_factory=list)

    def decide(self, event: Happened, now: datetime) -> str:
        """Whom an event asks: the survey's name, or why none does."""
        why = "no_survey"
        for survey in self.surveys:
            if survey.event_type != event.type:
                continue
            delay = survey.delay if event.delay is None else event.delay
            due = max(event.at + delay, event.at + survey.holding, now)
            touchpoint = event.touchpoint or survey.touchpoint
            refusal = self._refusal(survey, event, due, touchpoint, due, ours=True)
            if refusal is None:
                for other in self._in_the_way(survey, event, due, touchpoint):
                    other.state = "dropped"
                for other in self._waiting(event, "transactional", due):
                    if survey.measurement == "relational":
                        other.state = "dropped"
                asked = Question(event.address, due, survey.measurement, touchpoint, survey.survey, event)
                self.questions.append(asked)
                return survey.survey
            if why in {"no_survey", "paused"}:
                why = refusal
        return why

    def cancel(self, event_id: str) -> None:
        """A counter-event came about the order of this event: what has not left was never to leave."""
        for question in self.questions:
            if question.event is not None and question.event.id == event_id and question.state == "waiting":
                question.state = "dropped"

    def send(self, now: datetime, outcome: str, handed: Sequence[str]) -> None:
        """Each mail that is due leaves, if it may, with this outcome.

        :param handed: the events whose mails were handed over, in their order: of two that are due at the same
            time any may be the first, and it may forbid the other.
        """

        def turn(question: Question) -> tuple[datetime, int]:
            event = question.event.id if question.event is not None else ""
            return question.at, handed.index(event) if event in handed else len(handed)

        for question in sorted(self.questions, key=turn):
            if question.state != "waiting" or question.event is None or question.at > now:
                continue
            survey = next(each for each in self.surveys if each.survey == question.survey)
            # The quarantine counts from when a mail leaves, and the event is as old as then, to the minute.
            late = now - question.at >= timedelta(minutes=1)
            leaves_at = now if late else question.at
            refusal = self._refusal(survey, question.event, now, question.touchpoint, leaves_at, ours=False)
            question.state = "dropped" if refusal is not None else outcome
            if refusal is None and late:
                question.at = now

    def _refusal(
        self,
        survey: Rules,
        event: Happened,
        at: datetime,
        touchpoint: str | None,
        leaves_at: datetime,
        *,
        ours: bool,
    ) -> str | None:
        if not survey.live:
            return "paused"
        if leaves_at - event.at > survey.max_age:
            return "too_old"
        if survey.measurement == "transactional" and self._waiting(event, "relational", at):
            return "relational_first"
        for question in self._in_the_way(survey, event, at, touchpoint):
            left = question.event is None or question.state != "waiting"
            if left or (ours and not self._gives_way(question, survey)):
                return "quarantine"
        if survey.measurement == "relational":
            for question in self._standing(survey, event, at):
                counts = question.event is None or ours or question.state != "waiting"
                close = abs(at - question.at) < self.distance
                if counts and close and question.measurement == "transactional":
                    return "relational_distance"
        return None

    def _standing(self, survey: Rules, event: Happened, at: datetime) -> list[Question]:
        """What the contact was asked, but for what leaves its day to this relational survey."""
        yielding = self._waiting(event, "transactional", at) if survey.measurement == "relational" else []
        return [each for each in self._of(event) if each not in yielding]

    def _in_the_way(
        self, survey: Rules, event: Happened, at: datetime, touchpoint: str | None
    ) -> list[Question]:
        """What the quarantine of this survey counts from, too soon before."""
        return [
            each
            for each in self._standing(survey, event, at)
            if at - each.at < timedelta(days=survey.days) and _in_scope(survey, touchpoint, each)
            if survey.days > 0
        ]

    def _gives_way(self, question: Question, survey: Rules) -> bool:
        """Whether this mail has not left, and its survey holds it, and comes after this one."""
        if question.event is None or question.state != "waiting" or question.measurement == "relational":
            return False
        names = [each.survey for each in self.surveys]
        place = names.index(str(question.survey))
        return bool(self.surveys[place].holding) and place > names.index(survey.survey)

    def _waiting(self, event: Happened, measurement: str, at: datetime) -> list[Question]:
        """Our mails of this measurement to the contact that have not left, and are due on that day."""
        return [
            each
            for each in self._of(event)
            if each.event is not None
            and each.state == "waiting"
            and each.measurement == measurement
            and each.at.astimezone(ZONE).date() == at.astimezone(ZONE).date()
        ]

    def _of(self, event: Happened) -> Iterator[Question]:
        """What the person was asked and perhaps got, under any address, and what was asked at the address, or
        at the number.
        """
        for question in self.questions:
            names = {event.address, event.customer_id}
            asked = question.event.customer_id if question.event is not None else None
            same_person = not self.shared and asked is not None and asked == event.customer_id
            same_number = self.texts and question.event is not None and question.event.number == event.number
            is_meant = question.who in names or same_person or same_number
            if is_meant and question.state not in {"dropped", "failed"}:
                yield question


def _in_scope(survey: Rules, touchpoint: str | None, question: Question) -> bool:
    elsewhere: Any = question.event is None
    return {
        "any": True,
        "measurement": question.measurement == survey.measurement,
        "touchpoint": question.touchpoint == touchpoint and not (elsewhere and touchpoint is None),
        "survey": question.survey == survey.survey,
    }[survey.scope]
