"""What the pages of introductions send."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.alerts.introductions.domain import (
    INTRODUCTION_RESULTS,
    MAX_INTRODUCTION_NOTE_CHARS,
    NOT_ASKED_REASONS,
    IntroductionAct,
    IntroductionActName,
)
from shared.http.form_texts import uuid_of
from shared.pages.language import spoken
from shared.values.messages import Count, message

MOST_TYPED_CHARS = 10_000
_Short = Annotated[str, Field(max_length=40)]


class IntroductionForm(BaseModel):
    """The fields of each form of the page of a task."""

    model_config = ConfigDict(extra="ignore")

    act: IntroductionActName
    version: Annotated[int, Field(ge=1, le=2**62)]
    reason: _Short = ""
    result: _Short = ""
    note: Annotated[str, Field(max_length=MOST_TYPED_CHARS)] = ""
    person: _Short = ""

    def wanted(self) -> tuple[IntroductionAct | None, dict[str, str]]:
        """The act, or what is wrong with the form by field."""
        reason = next((one for one in NOT_ASKED_REASONS if one == self.reason), None)
        result = next((one for one in INTRODUCTION_RESULTS if one == self.result), None)
        note = self.note.replace("\r\n", "\n").strip()
        most = Count(MAX_INTRODUCTION_NOTE_CHARS)
        faults: dict[str, str] = {}
        act = IntroductionAct(name=self.act)
        match self.act:
            case "not_ask":
                act = IntroductionAct(name="not_ask", reason=reason)
                if reason is None:
                    faults["reason"] = spoken(message("Choose why the customer is not asked."))
            case "conclude":
                act = IntroductionAct(name="conclude", result=result)
                if result is None:
                    faults["result"] = spoken(message("Choose what came of it."))
            case "note":
                act = IntroductionAct(name="note", note=note)
                if len(note) > MAX_INTRODUCTION_NOTE_CHARS:
                    faults["note"] = spoken(
                        message("Make it shorter: at most %(most)s characters.", most=most)
                    )
            case "hand_over":
                act = IntroductionAct(name="hand_over", owner=uuid_of(self.person) if self.person else None)
                if not self.person:
                    faults["person"] = spoken(message("Choose a colleague."))
            case _:
                pass
        return (None if faults else act), faults


class IntroductionSettingForm(BaseModel):
    """The form of the setting."""

    model_config = ConfigDict(extra="ignore")

    act: Literal["on", "off"]


class IntroductionSearch(BaseModel):
    """Which tasks the list shows."""

    model_config = ConfigDict(extra="ignore")

    whose: Annotated[str, Field(max_length=10)] = ""
    state: Annotated[str, Field(max_length=20)] = ""
    after: Annotated[str, Field(max_length=200)] = ""
