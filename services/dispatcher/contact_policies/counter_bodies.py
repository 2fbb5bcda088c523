"""Counter-events as the API takes and answers them."""

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from shared.events import CounterEvent
from shared.events.contact_policies import MAX_COUNTER_EVENTS, MAX_HOLD_HOURS, CounterEffect, CounterScope
from shared.http.request_body import StrictBody
from shared.values.messages import message
from shared.values.text import normalized_text

HOW_LONG = message("Say for how long in hold_hours, or let it cancel.")
NO_TIME = message("Only what is held has hold_hours. Leave them out, or let it hold.")
OF_CUSTOMER = message("Only what cancels the mails to the customer can do so for good.")
TYPE_PATTERN = r"^[^\s*]+\*?$"
"""Not ``*`` alone: every event would be a counter-event."""


class CounterEventBody(StrictBody):
    """A type of event after which nobody is to be asked about what happened before it."""

    event_type: Annotated[str, AfterValidator(normalized_text)] = Field(
        max_length=200, pattern=TYPE_PATTERN, description="Exact, or a beginning followed by *."
    )
    effect: CounterEffect = Field(
        description="What it does to mails that wait, reminders too: `cancel`, they are never sent; `hold`, "
        "not before `hold_hours` have passed since it happened."
    )
    scope: CounterScope = Field(
        description="To which: those about the same `order`, which both events name in "
        "`attributes.order_id`, or those to the same `customer`."
    )
    hold_hours: int | None = Field(default=None, ge=1, le=MAX_HOLD_HOURS, description="Of `hold` alone.")
    for_good: bool = Field(
        default=False,
        description="Of `cancel` to the same `customer`: the customer is asked never again, as after a "
        "death, whatever happens later. They come on the list of suppressions, from which somebody may "
        "take them away by hand.",
    )

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if self.effect == "hold" and self.hold_hours is None:
            raise ValueError(HOW_LONG)
        if self.effect == "cancel" and self.hold_hours is not None:
            raise ValueError(NO_TIME)
        if self.for_good and (self.effect, self.scope) != ("cancel", "customer"):
            raise ValueError(OF_CUSTOMER)
        return self

    def counter_event(self) -> CounterEvent:
        """The rule that it states."""
        return CounterEvent(
            event_type=self.event_type,
            effect=self.effect,
            scope=self.scope,
            hold_hours=self.hold_hours,
            for_good=self.for_good,
        )


CounterEventBodies = Annotated[list[CounterEventBody], Field(max_length=MAX_COUNTER_EVENTS)]


class CounterEventAnswer(BaseModel):
    """A type of event after which nobody is asked about what happened before it."""

    event_type: str
    effect: CounterEffect
    scope: CounterScope
    hold_hours: int | None
    for_good: bool

    @classmethod
    def of(cls, rule: CounterEvent) -> "CounterEventAnswer":
        """A rule as the API answers it."""
        return cls(
            event_type=rule.event_type,
            effect=rule.effect,
            scope=rule.scope,
            hold_hours=rule.hold_hours,
            for_good=rule.for_good,
        )
