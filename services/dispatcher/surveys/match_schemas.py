"""Body and answer of the API that counts the recent events which a survey would have asked about."""

from datetime import datetime

import msgspec
from pydantic import BaseModel, Field

from services.dispatcher.surveys.trigger_body import Trigger
from shared.conditions.bodies import CONDITIONS_FIELD, Conditions
from shared.events.conditions import Condition
from shared.http.request_body import StrictBody


class MatchesBody(StrictBody):
    """Which events a survey would ask about."""

    trigger: Trigger
    conditions: Conditions = CONDITIONS_FIELD

    def condition(self) -> Condition | None:
        """The conditions as a decision judges them."""
        if self.conditions is None:
            return None
        return msgspec.convert(self.conditions.model_dump(exclude_none=True), Condition)


class MatchesAnswer(BaseModel):
    """How many of the newest recent events a survey would have asked about."""

    events: int = Field(description="Of any type: the newest ones since then.")
    matched: int = Field(description="Those of its type that meet its conditions.")
    since: datetime
    all_counted: bool = Field(description="False: there were more events, of which the newest are counted.")
    unknown_fields: list[str] = Field(
        description="Fields of the conditions that none of these events had. Empty where no event came."
    )
