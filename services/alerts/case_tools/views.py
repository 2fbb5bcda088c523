"""What the pages of text blocks, attributes and links show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.alerts.case_tools.domain import CaseLink, CaseTool, ShownAttribute, TextBlock, ToolKind
from shared.pages.language import native_name, translated
from shared.pages.page import Page


@dataclass(frozen=True, kw_only=True)
class ToolLine:
    """One in the list."""

    id: UUID
    name: str
    tool: CaseTool
    about: str
    """Its language, or what it is called by people."""

    @classmethod
    def of(cls, key: UUID, tool: CaseTool) -> "ToolLine":
        """The line of this one."""
        return cls(id=key, name=name_of_tool(tool), tool=tool, about=_about(tool))


@dataclass(frozen=True, kw_only=True)
class CaseToolsPage(Page):
    """All of one kind that a company has, and the form of another one."""

    template: ClassVar[str] = "case_tools.html"
    kind: ToolKind
    address: str
    lines: list[ToolLine]
    new_id: str
    form: Mapping[str, str]
    faults: Mapping[str, str]
    seen: list[str]
    """Names of attributes in the newest events that are in no list yet."""
    done: str


@dataclass(frozen=True, kw_only=True)
class CaseToolPage(Page):
    """One of them."""

    template: ClassVar[str] = "case_tool.html"
    kind: ToolKind
    address: str
    id: UUID
    name: str
    drawn: str
    """The fingerprint of what the form is rendered from."""
    refusal: str
    """Why nothing was done, if it is no fault of a field."""
    form: Mapping[str, str]
    faults: Mapping[str, str]
    seen: list[str]
    done: str


def name_of_tool(tool: CaseTool) -> str:
    """By what people know it."""
    return tool.attribute if isinstance(tool, ShownAttribute) else tool.name


def _about(tool: CaseTool) -> str:
    match tool:
        case TextBlock():
            return native_name(tool.language)
        case CaseLink():
            return tool.link
        case ShownAttribute():
            return ", ".join(tool.names.values()) or translated("by its name in the events")
