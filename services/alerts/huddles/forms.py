"""What the page of a team and week sends: a promise that is written down, kept or deleted."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.alerts.huddles.domain import HuddleWeek
from services.alerts.huddles.promise_commands import PromiseDraft
from services.alerts.huddles.schemas import MOST_TEXT_CHARS
from shared.http.form_texts import day_of, uuid_of
from shared.http.validation_errors import FieldFault
from shared.pages.language import spoken
from shared.values.messages import message

MAX_FIELD_CHARS = 40
_Short = Annotated[str, Field(max_length=MAX_FIELD_CHARS)]


class HuddleForm(BaseModel):
    """The fields of each form of the page."""

    model_config = ConfigDict(extra="ignore")

    act: Literal["", "promise", "kept", "open", "delete"] = ""
    team: _Short = ""
    week: _Short = ""
    promise: _Short = ""
    """The id: of a new one the form has it, so that it is written down once."""
    text: Annotated[str, Field(max_length=MOST_TEXT_CHARS)] = ""
    person: _Short = ""
    until: _Short = ""

    def draft(
        self, team: UUID, week: HuddleWeek, promise: UUID
    ) -> tuple[PromiseDraft | None, dict[str, str]]:
        """The promise of the form, or what is wrong with it by field."""
        person = uuid_of(self.person) if self.person else None
        due = day_of(self.until)
        faults: dict[str, str] = {}
        if person is None:
            faults["person"] = spoken(message("Choose whose promise it is."))
        if due is None:
            faults["until"] = spoken(message("Write a day like 2026-11-28."))
        if person is None or due is None:
            return None, faults
        text = " ".join(self.text.split())
        draft = PromiseDraft(id=promise, team_id=team, week=week, text=text, person_id=person, due=due)
        return draft, {}


def faults_by_field(found: Sequence[FieldFault]) -> dict[str, str]:
    """What a command refuses, by the field of the form."""
    return {fault["field"].removeprefix("/"): spoken(fault["detail"]) for fault in found}
