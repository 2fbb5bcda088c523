"""The forms of text blocks, attributes and links: what was typed, and what fills a form."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from services.alerts.case_tools.domain import (
    ATTRIBUTE_LANGUAGES,
    CaseLink,
    CaseTool,
    ShownAttribute,
    TextBlock,
    ToolKind,
)
from services.alerts.case_tools.schemas import AttributeBody, CaseLinkBody, TextBlockBody
from services.alerts.errors import SettingRefused
from shared.http.validation_errors import faults_of_body
from shared.pages.language import spoken
from shared.values.messages import message

NO_NAME = message("Write a name by which colleagues know it.")
FORM_FIELDS_BY_KIND: Mapping[ToolKind, tuple[str, ...]] = {
    "text_block": ("name", "language", "text"),
    "attribute": (
        "attribute",
        *(f"name_{tag}" for tag in ATTRIBUTE_LANGUAGES),
        *("unit", "link", "position", "shown"),
    ),
    "case_link": ("name", "link"),
}
MAX_POSITION_DIGITS = 9


def tool_of_form(kind: ToolKind, typed: Mapping[str, str]) -> CaseTool:
    """What was typed, by the rules of the API.

    :raises ValidationError: when something is wrong with it.
    """
    match kind:
        case "text_block":
            sent = {name: typed.get(name, "") for name in FORM_FIELDS_BY_KIND[kind]}
            return TextBlockBody.model_validate(sent).tool()
        case "attribute":
            return AttributeBody.model_validate(_attribute(typed)).tool()
        case "case_link":
            link = {"name": typed.get("name", ""), "link": typed.get("link", "").strip()}
            return CaseLinkBody.model_validate(link).tool()


def form_of_tool(tool: CaseTool) -> dict[str, str]:
    """What the form of one shows."""
    match tool:
        case TextBlock():
            return {"name": tool.name, "language": tool.language, "text": tool.text}
        case CaseLink():
            return {"name": tool.name, "link": tool.link}
        case ShownAttribute():
            return {
                "attribute": tool.attribute,
                **{f"name_{tag}": tool.names.get(tag, "") for tag in ATTRIBUTE_LANGUAGES},
                "unit": tool.unit,
                "link": tool.link,
                "position": str(tool.position),
                "shown": "on" if tool.shown else "",
            }


def faults_of_tool(error: ValidationError | SettingRefused, typed: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by the fields of the form."""
    if isinstance(error, SettingRefused):
        field = error.field.strip("/")
        return {"attribute" if field == "name" and "attribute" in typed else field: spoken(error.remedy)}
    found: dict[str, str] = {}
    for fault in faults_of_body(error):
        field, _, rest = fault["field"].strip("/").partition("/")
        found.setdefault(f"name_{rest}" if field == "names" else field, spoken(fault["detail"]))
    if "name" in found and not typed.get("name", "").strip():
        found["name"] = spoken(NO_NAME)
    return found


def _attribute(typed: Mapping[str, str]) -> dict[str, Any]:
    position = typed.get("position", "").strip() or "0"
    is_number = position.isascii() and position.isdecimal() and len(position) <= MAX_POSITION_DIGITS
    return {
        "attribute": typed.get("attribute", "").strip(),
        "names": {tag: typed.get(f"name_{tag}", "") for tag in ATTRIBUTE_LANGUAGES},
        "unit": typed.get("unit", ""),
        "link": typed.get("link", "").strip(),
        "position": int(position) if is_number else position,
        "shown": typed.get("shown") == "on",
    }
