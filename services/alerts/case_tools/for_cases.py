"""What the page of a case shows of what its company has set up: text blocks, attributes and links."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from services.alerts.case_tools import repository
from services.alerts.case_tools.domain import CaseLink, ShownAttribute, TextBlock
from services.alerts.case_tools.link_templates import filled_link
from services.alerts.case_tools.placeholders import filled
from services.alerts.cases.labels import attribute_label
from shared.db.database import UnitOfWork
from shared.events import Invitation
from shared.pages.filters import day
from shared.pages.language import (
    SOURCE_LANGUAGE,
    ReaderLocale,
    native_name,
    reader_locale,
    rendering_for,
    translated,
)
from shared.values.languages import widening

MAX_ATTRIBUTES = 12
"""That a page shows of an event."""


@dataclass(frozen=True, kw_only=True)
class EventFact:
    """Something that an event says, as people read it."""

    label: str
    value: str
    href: str = ""
    """Where the company's own systems have more of it; empty: nowhere."""


@dataclass(frozen=True, kw_only=True)
class OfferedBlock:
    """A text block, filled for one case."""

    id: UUID
    name: str
    language: str
    """Its language by its own name."""
    text: str


class _WrittenNumber(str):
    """A number, as it was written: 19.90 is not 19.9."""

    __slots__ = ()


async def text_blocks_of(uow: UnitOfWork, tenant: str) -> list[tuple[UUID, TextBlock]]:
    """The text blocks of a company, by name."""
    found = cast("dict[UUID, TextBlock]", await repository.list_tools(uow, tenant, "text_block"))
    return sorted(found.items(), key=lambda one: (one[1].name.casefold(), one[1].language, one[0]))


async def attributes_of(uow: UnitOfWork, tenant: str) -> list[tuple[UUID, ShownAttribute]]:
    """The attributes that a company has named, in the order in which they are shown."""
    found = cast("dict[UUID, ShownAttribute]", await repository.list_tools(uow, tenant, "attribute"))
    return sorted(found.items(), key=lambda one: (one[1].position, one[1].attribute.casefold(), one[0]))


async def links_of(uow: UnitOfWork, tenant: str) -> list[tuple[UUID, CaseLink]]:
    """The links of a company, by name."""
    found = cast("dict[UUID, CaseLink]", await repository.list_tools(uow, tenant, "case_link"))
    return sorted(found.items(), key=lambda one: (one[1].name.casefold(), one[0]))


def offered_blocks(
    blocks: Sequence[tuple[UUID, TextBlock]],
    values: Mapping[str, str],
    language: str | None,
    now: datetime,
    zone: ZoneInfo,
) -> list[OfferedBlock]:
    """The text blocks with what is known of a case: in the customer's language, the reader's, then others.

    What is not known stays a placeholder, for the writer to fill.
    """
    wanted = [*_tags(language or ""), *_tags(reader_locale().language)]
    ranks = {tag: rank for rank, tag in reversed([*enumerate(wanted)])}
    ordered = sorted(
        blocks, key=lambda one: min(ranks.get(tag, len(wanted)) for tag in _tags(one[1].language))
    )
    return [
        OfferedBlock(
            id=key,
            name=block.name,
            language=native_name(block.language),
            text=filled(block.text, {**values, "day": _day(block.language, now, zone)}),
        )
        for key, block in ordered
    ]


def _tags(language: str) -> list[str]:
    return [*widening(language)]


def _day(language: str, now: datetime, zone: ZoneInfo) -> str:
    """Today by the company's clock, in a language."""
    with rendering_for(ReaderLocale(language, zone, now)):
        return day(now)


def filled_case_links(
    links: Sequence[tuple[UUID, CaseLink]], values: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The links of a case, by name: those that need what the case has not are left out."""
    found = [(link.name, filled_link(link.link, values)) for _, link in links]
    return [(name, href) for name, href in found if href]


def event_facts(
    invitation: Invitation | None, known: Sequence[tuple[UUID, ShownAttribute]] = ()
) -> list[EventFact]:
    """The plain attributes of the event that was asked about, then its account and who handled it."""
    if invitation is None:
        return []
    facts = _attributes(invitation, [one for _, one in known])[:MAX_ATTRIBUTES]
    if invitation.account is not None:
        account = invitation.account.id
        if manager := invitation.account.manager:
            account = translated("%(account)s, manager %(manager)s") % {
                "account": account,
                "manager": manager,
            }
        facts.append(EventFact(label=translated("Account"), value=account))
    if invitation.handled_by:
        facts.append(EventFact(label=translated("Handled by"), value=invitation.handled_by))
    return facts


def _attributes(invitation: Invitation, known: Sequence[ShownAttribute]) -> list[EventFact]:
    """Those that the company has put in order, then the others as the event has them."""
    if not isinstance(invitation.attributes, msgspec.Raw):
        return []
    sent = json.loads(
        bytes(invitation.attributes),
        parse_float=_WrittenNumber,
        parse_int=_WrittenNumber,
        parse_constant=_WrittenNumber,
    )
    if not isinstance(sent, dict):
        return []
    by_name = {one.attribute: one for one in known}
    names = [one.attribute for one in known if one.shown and one.attribute in sent]
    names += [name for name in sent if name not in by_name]
    found = [_fact(name, sent[name], by_name.get(name)) for name in names]
    return [fact for fact in found if fact.label and fact.value]


def _fact(name: str, value: object, known: ShownAttribute | None) -> EventFact:
    if known is None:
        return EventFact(label=attribute_label(name), value=_plain(value))
    label = known.names.get(reader_locale().language) or known.names.get(SOURCE_LANGUAGE)
    linked = isinstance(value, str) and known.link
    return EventFact(
        label=label or attribute_label(name),
        value=_plain(value, known.unit),
        href=filled_link(known.link, {"value": value.strip()}) if linked and isinstance(value, str) else "",
    )


def _plain(value: object, unit: str = "") -> str:
    """A value as text: objects are left out, lists of plain values are joined."""
    if isinstance(value, bool):
        return translated("Yes") if value else translated("No")
    if isinstance(value, list):
        return ", ".join(text for text in (_plain(one, unit) for one in value) if text)
    if isinstance(value, _WrittenNumber) and unit:
        return f"{value}\N{NO-BREAK SPACE}{unit}"
    return value.strip() if isinstance(value, str) else ""
