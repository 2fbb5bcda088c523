"""What the form of the inbox sends about the cases that were chosen."""

from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import model_validator

from services.alerts.cases.forms import CaseForm, is_uuid
from services.alerts.cases.schemas import MAX_CASES_AT_ONCE, BulkAction, BulkBody
from shared.pages.filters import thousands
from shared.pages.language import counted
from shared.values.messages import Count, Message, message

DONE_BY_ACT = {
    "take": message("One case is yours.", "%(count)s cases are yours."),
    "release": message("One case is put back.", "%(count)s cases are put back."),
    "hand_over": message("One case is handed over.", "%(count)s cases are handed over."),
    "wait": message("One case waits.", "%(count)s cases wait."),
    "resume": message("One case goes on.", "%(count)s cases go on."),
}
"""What the page says, by what may be done to several cases at once."""


def done_sentence(act: str, count: int) -> str:
    """That it was done to so many cases."""
    sentence = DONE_BY_ACT[act]
    return counted(sentence.text, sentence.many or "", count) % {"count": thousands(count)}


class BulkForm(CaseForm):
    """One act on several cases."""

    case: list[str] = []
    wait_text: str = ""
    """What the chosen cases wait for."""

    @model_validator(mode="after")
    def own_text(self) -> Self:
        """Two acts have a text, and their fields stand in one form; no version is of several cases."""
        self.version = None
        if self.act == "wait":
            self.text = self.wait_text
        return self

    @property
    def cases(self) -> list[UUID]:
        """The cases that were chosen."""
        return [UUID(one) for one in self.case if is_uuid(one)]

    def faults(self) -> list[tuple[str, Message]]:
        """Everything that is missing: each field with what to do."""
        if self.act not in DONE_BY_ACT:
            return [("bulk", message("This is done to one case at a time: open it."))]
        faults = super().faults()
        if not self.cases:
            faults.append(("cases", message("Choose the cases first.")))
        if len(self.case) > MAX_CASES_AT_ONCE:
            most = Count(MAX_CASES_AT_ONCE)
            faults.append(("cases", message("Choose %(most)s cases at most.", most=most)))
        return faults

    def bulk_action(self, zone: ZoneInfo) -> BulkAction:
        """The act, once nothing is missing."""
        return BulkBody.model_validate({"cases": self.cases, "action": self.read(zone).model_dump()}).action
