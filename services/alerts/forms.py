"""What the forms of the pages send; what is wrong is said on the page, and nothing typed is lost."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.alerts.domain import HOWS, closing_faults, text_faults
from services.alerts.repository import reading
from services.alerts.schemas import Action
from shared.http.numbers import LARGEST
from shared.http.staff import Staff

_action: TypeAdapter[Action] = TypeAdapter(Action)


class Filter(BaseModel):
    """The sentence above the list."""

    model_config = ConfigDict(extra="ignore")

    state: Literal["open", "late", "closed", "all"] = "open"
    owner: Literal["everybody", "me", "nobody"] = "everybody"
    touchpoint: str = ""
    sort: reading.Sort = "due"

    def wanted(self, staff: Staff) -> reading.Wanted:
        """The same as a question to the database."""
        return reading.Wanted(
            segments=staff.segments,
            state={"open": "waiting", "late": "waiting", "closed": "closed", "all": None}[self.state],
            owner={"everybody": None, "me": staff.id, "nobody": "nobody"}[self.owner],
            touchpoint=self.touchpoint or None,
            late=self.state == "late",
        )


class CaseForm(BaseModel):
    """Everything that the forms of the case page send."""

    act: Literal["take", "assign", "contact", "note", "close", "reopen", "reveal"]
    version: Annotated[int, Field(ge=0, le=LARGEST)] | None = None
    key: str = ""
    to: str = ""
    how: str = "call"
    reached: str = ""
    text: str = ""
    cause: str = ""
    action: str = ""
    outcome: str = ""
    told: str = ""

    def faults(self) -> list[tuple[str, str]]:
        """All that is missing, each with its field."""
        match self.act:
            case "assign" if not is_uuid(self.to):
                return [("to", "Choose a colleague.")]
            case "contact":
                faults = [] if self.how in HOWS else [("how", "Choose how.")]
                if self.reached not in {"yes", "no"}:
                    faults.append(("reached", "Say whether you spoke to the customer."))
                return faults + text_faults("contact-text", self.text, "Write what was said.")
            case "note":
                return text_faults("note-text", self.text, "Write the note.")
            case "reopen":
                return text_faults("reopen-text", self.text, "Write why it is not over.")
            case "close":
                return closing_faults(self.cause, self.action, self.outcome, self.told)
            case _:
                return []

    def read(self) -> Action:
        """The action, once nothing is missing."""
        every: dict[str, dict[str, Any]] = {
            "take": {"version": self.version},
            "assign": {"version": self.version, "to": self.to},
            "contact": {"how": self.how, "reached": self.reached == "yes", "text": self.text.strip()},
            "note": {"text": self.text.strip()},
            "reopen": {"text": self.text.strip()},
            "reveal": {},
            "close": {
                "version": self.version,
                "cause": self.cause,
                "action": self.action.strip(),
                "outcome": self.outcome,
                "told": self.told == "yes",
            },
        }
        return _action.validate_python({"act": self.act, **every[self.act]})


def is_uuid(text: str) -> bool:
    """Whether this is the spelling of a UUID that we write."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
