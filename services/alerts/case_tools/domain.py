"""Text blocks, attributes as people read them, and links into the company's own systems."""

from collections.abc import Mapping
from typing import Literal, get_args

from shared.events.envelope import Data, Name

ToolKind = Literal["text_block", "attribute", "case_link"]
TOOL_KINDS: tuple[ToolKind, ...] = get_args(ToolKind)
TEXT_PLACEHOLDERS = ("name", "number", "company", "touchpoint", "day")
"""Of a text block."""
LINK_PLACEHOLDERS = ("customer_id", "event_id", "number")
"""Of a link of a whole case."""
VALUE_PLACEHOLDERS = ("value",)
"""Of an attribute's link."""
ATTRIBUTE_LANGUAGES = ("en", "da", "nl")
MAX_TEXT_BLOCK_CHARS = 5_000
MAX_TOOLS_BY_KIND: Mapping[ToolKind, int] = {"text_block": 100, "attribute": 100, "case_link": 20}
"""How many a company may have of each: a case shows them all."""


class TextBlock(Data, frozen=True, kw_only=True):
    """A text that colleagues insert where they write about a case."""

    name: Name
    language: str
    text: str


class ShownAttribute(Data, frozen=True, kw_only=True):
    """How an attribute of events is shown to people."""

    attribute: Name
    """Its name in the events."""
    names: Mapping[str, str] = {}
    """What it is called, by language."""
    unit: str = ""
    """Behind a number: a unit or a currency."""
    link: str = ""
    """The template of a link; empty: none."""
    position: int = 0
    """Lower ones are shown first."""
    shown: bool = True


class CaseLink(Data, frozen=True, kw_only=True):
    """A link from a case into the company's own systems."""

    name: Name
    link: str


CaseTool = TextBlock | ShownAttribute | CaseLink


def kind_of(tool: CaseTool) -> ToolKind:
    """Which of the three it is."""
    match tool:
        case TextBlock():
            return "text_block"
        case ShownAttribute():
            return "attribute"
        case CaseLink():
            return "case_link"
