"""What the forms of the pages send; what is wrong is said on the page, and nothing typed is lost."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from services.alerts.domain import CAUSE_CODES, CAUSES, HOWS, OUTCOMES, closing_faults, text_faults
from services.alerts.repository import reading
from services.alerts.schemas import Action
from shared.http.numbers import MAX_INTEGER
from shared.http.staff_auth import Staff

_action: TypeAdapter[Action] = TypeAdapter(Action)


PAGE = 50
"""Cases on one page of the list."""
LAST_PAGE = 200


class Filter(BaseModel):
    """The sentence above the list."""

    model_config = ConfigDict(extra="ignore")

    state: Literal["open", "late", "closed", "all"] = "open"
    owner: Literal["everybody", "me", "nobody"] = "everybody"
    touchpoint: Annotated[str, Field(max_length=1_000)] = ""
    cause: Literal["", *CAUSES, *CAUSE_CODES] = ""  # type: ignore[valid-type]
    outcome: Literal["", *OUTCOMES] = ""  # type: ignore[valid-type]
    customer: Annotated[str, Field(max_length=1_000)] = ""
    sort: reading.Sort = "due"
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    @property
    def plain(self) -> bool:
        """Whether this is the list that the page begins with."""
        return self.address(page=1) == "/inbox"

    def address(self, **changes: Any) -> str:
        """The address of this list, or of one that differs from it."""
        chosen = {**self.model_dump(), **changes}
        told = {
            name: value for name, value in chosen.items() if value != type(self).model_fields[name].default
        }
        return "/inbox" + (f"?{urlencode(told)}" if told else "")

    def wanted(self, staff: Staff) -> reading.Wanted:
        """The same as a question to the database."""
        return reading.Wanted(
            segments=staff.segments,
            state={"open": "waiting", "late": "waiting", "closed": "closed", "all": None}[self.state],
            owner={"everybody": None, "me": staff.id, "nobody": "nobody"}[self.owner],
            touchpoint=self.touchpoint or None,
            cause=(self.cause or None) if self.state == "closed" else None,
            outcome=(self.outcome or None) if self.state == "closed" else None,
            customer=self.customer or None,
            late=self.state == "late",
        )


class CaseForm(BaseModel):
    """Everything that the forms of the case page send."""

    act: Literal["take", "assign", "release", "contact", "note", "close", "reopen", "reveal"]
    version: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = None
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
            "release": {"version": self.version},
            "assign": {"version": self.version, "to": self.to},
            "contact": {"how": self.how, "reached": self.reached == "yes", "text": self.text.strip()},
            "note": {"text": self.text.strip()},
            "reopen": {"version": self.version, "text": self.text.strip()},
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
