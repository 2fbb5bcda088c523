"""Text blocks, attributes and links as the API takes and answers them."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from services.alerts.case_tools.domain import (
    ATTRIBUTE_LANGUAGES,
    LINK_PLACEHOLDERS,
    MAX_TEXT_BLOCK_CHARS,
    TEXT_PLACEHOLDERS,
    VALUE_PLACEHOLDERS,
    CaseLink,
    ShownAttribute,
    TextBlock,
)
from services.alerts.case_tools.link_templates import MAX_LINK_CHARS, link_fault
from services.alerts.case_tools.placeholders import listed, unknown_placeholder
from shared.http.request_body import GivenName, StrictBody
from shared.values.languages import MAX_TAG_LENGTH, language_tag
from shared.values.messages import message
from shared.values.text import normalized_text

MAX_ATTRIBUTE_CHARS = 200
MAX_UNIT_CHARS = 20
MAX_POSITION = 999
EXAMPLE_LINK = "https://shop.example/orders/{value}"
EXAMPLE_CASE_LINK = "https://crm.example/customers/{customer_id}"


def _language(given: str) -> str:
    if (tag := language_tag(given)) is None:
        raise ValueError(message("Write a language as BCP 47 does, such as en, da or zh-Hant."))
    return tag


def _block_text(given: str) -> str:
    text = given.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise ValueError(message("Is blank. Fill it."))
    if (unknown := unknown_placeholder(text, TEXT_PLACEHOLDERS)) is not None:
        known = listed(TEXT_PLACEHOLDERS)
        raise ValueError(
            message("There is no placeholder %(unknown)s here. Use: %(known)s.", unknown=unknown, known=known)
        )
    return text


def _value_link(given: str) -> str:
    if given and (fault := link_fault(given, VALUE_PLACEHOLDERS, needed="value")) is not None:
        raise ValueError(fault)
    return given


def _case_link(given: str) -> str:
    if (fault := link_fault(given, LINK_PLACEHOLDERS)) is not None:
        raise ValueError(fault)
    return given


def _attribute(given: str) -> str:
    if not given.strip() or not given.isprintable():
        raise ValueError(message("Write the name as it is in the events."))
    return given


AttributeName = Annotated[str, Field(max_length=100), AfterValidator(normalized_text)]


class AttributeNames(StrictBody):
    """What an attribute is called, in each language of our pages; empty: in this one it has no name."""

    en: AttributeName = Field(default="", examples=["Amount"])
    da: AttributeName = Field(default="", examples=["Beløb"])
    nl: AttributeName = Field(default="", examples=["Bedrag"])

    def given(self) -> dict[str, str]:
        """Those that are not empty."""
        return {tag: name for tag in ATTRIBUTE_LANGUAGES if (name := getattr(self, tag))}


class TextBlockBody(StrictBody):
    """A text that colleagues insert where they write about a case."""

    name: GivenName = Field(examples=["Late delivery"])
    language: Annotated[str, Field(max_length=MAX_TAG_LENGTH), AfterValidator(_language)] = Field(
        examples=["en"]
    )
    text: Annotated[str, Field(max_length=MAX_TEXT_BLOCK_CHARS), AfterValidator(_block_text)] = Field(
        description=f"Its placeholders: {listed(TEXT_PLACEHOLDERS)}.",
        examples=["Dear {name}, case {number} is with us since {day}."],
    )

    def tool(self) -> TextBlock:
        """The text block that it states."""
        return TextBlock(name=self.name, language=self.language, text=self.text)


class AttributeBody(StrictBody):
    """How an attribute of events is shown to people."""

    attribute: Annotated[
        str, Field(min_length=1, max_length=MAX_ATTRIBUTE_CHARS), AfterValidator(_attribute)
    ] = Field(description="Its name in the events.", examples=["amount"])
    names: AttributeNames = Field(default=AttributeNames(), description="What it is called, by language.")
    unit: Annotated[str, Field(max_length=MAX_UNIT_CHARS), AfterValidator(normalized_text)] = Field(
        default="", description="A unit or currency, shown behind a number.", examples=["EUR"]
    )
    link: Annotated[str, Field(max_length=MAX_LINK_CHARS), AfterValidator(_value_link)] = Field(
        default="",
        description="An https address with {value} behind its host; empty: no link.",
        examples=[EXAMPLE_LINK],
    )
    position: Annotated[int, Field(ge=0, le=MAX_POSITION)] = Field(
        default=0, description="Lower ones are shown first."
    )
    shown: bool = True

    def tool(self) -> ShownAttribute:
        """The attribute that it states."""
        return ShownAttribute(
            attribute=self.attribute,
            names=self.names.given(),
            unit=self.unit,
            link=self.link,
            position=self.position,
            shown=self.shown,
        )


class CaseLinkBody(StrictBody):
    """A link from a case into the company's own systems."""

    name: GivenName = Field(examples=["The customer in our CRM"])
    link: Annotated[str, Field(max_length=MAX_LINK_CHARS), AfterValidator(_case_link)] = Field(
        description=f"An https address. Behind its host it may have: {listed(LINK_PLACEHOLDERS)}.",
        examples=[EXAMPLE_CASE_LINK],
    )

    def tool(self) -> CaseLink:
        """The link that it states."""
        return CaseLink(name=self.name, link=self.link)


class TextBlockAnswer(BaseModel):
    """A text block of the company."""

    id: UUID
    name: str
    language: str
    text: str

    @classmethod
    def of(cls, key: UUID, block: TextBlock) -> "TextBlockAnswer":
        """A text block as the API answers it."""
        return cls(id=key, name=block.name, language=block.language, text=block.text)


class AttributeAnswer(BaseModel):
    """An attribute as it is shown to the company's people."""

    id: UUID
    attribute: str
    names: dict[str, str]
    unit: str
    link: str
    position: int
    shown: bool

    @classmethod
    def of(cls, key: UUID, attribute: ShownAttribute) -> "AttributeAnswer":
        """An attribute as the API answers it."""
        return cls(
            id=key,
            attribute=attribute.attribute,
            names=dict(attribute.names),
            unit=attribute.unit,
            link=attribute.link,
            position=attribute.position,
            shown=attribute.shown,
        )


class CaseLinkAnswer(BaseModel):
    """A link of the company."""

    id: UUID
    name: str
    link: str

    @classmethod
    def of(cls, key: UUID, link: CaseLink) -> "CaseLinkAnswer":
        """A link as the API answers it."""
        return cls(id=key, name=link.name, link=link.link)


class TextBlockList(BaseModel):
    """The text blocks of the company."""

    text_blocks: list[TextBlockAnswer]


class AttributeList(BaseModel):
    """The attributes that the company has named, in the order in which they are shown."""

    attributes: list[AttributeAnswer]


class CaseLinkList(BaseModel):
    """The links of the company."""

    case_links: list[CaseLinkAnswer]
