"""What administrators change of their company: name, address, languages, time zone, looks, networks."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from services.trigger.company_values import (
    MAX_NAME_LENGTH,
    MAX_POSTAL_ADDRESS_LENGTH,
    clean_languages,
    clean_networks,
    known_time_zone,
    printable,
)
from services.trigger.errors import BadTenant
from services.trigger.tenants import locked, publish_change
from shared.db.database import Database
from shared.events import Tenant
from shared.events.segments import MAX_SEGMENT_BYTES, ORGANISATION, normalized_segment
from shared.privacy.audit import AuditActor, record_audit
from shared.values.colours import LIGHT_PAGE, MIN_CONTRAST, colour_of, contrast, darkened
from shared.values.messages import message
from shared.values.text import normalized_text

MAX_DISPLAY_NAMES = 300
MAX_DISPLAY_NAME_LENGTH = 80
MAX_DISPLAY_NAMES_BYTES = 48_000
"""Of all of them with their codes: a company's event has room for it beside its keys."""


async def change_company(
    database: Database,
    tenant: str,
    *,
    name: str | None = None,
    postal_address: str | None = None,
    languages: Sequence[str] | None = None,
    time_zone: str | None = None,
    accent: str | None = None,
    display_names: Mapping[str, str] | None = None,
    staff_networks: Sequence[str] | None = None,
    who: AuditActor,
) -> Tenant:
    """Change what customers read of a company, and where its days begin; None keeps a value.

    Its country stays: the law depends on it. A changed zone moves nothing that has happened: the day of an
    answer is fixed when it is accepted.

    :param time_zone: for days, letters, digests and hours from now on.
    :param accent: the colour of buttons and numbers that customers see; an empty one is ours.
    :param display_names: what staff read in place of all dimensions and segments that have a name.
    :param staff_networks: all of its own networks, by which answers from them are told.

    :raises BadTenant: when a value is not allowed.
    :raises UnknownTenant: when there is no such tenant.
    """
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = printable(name, "name", MAX_NAME_LENGTH)
    if postal_address is not None:
        lines = ", ".join(line.strip() for line in postal_address.splitlines() if line.strip())
        values["postal_address"] = (
            printable(lines, "postal_address", MAX_POSTAL_ADDRESS_LENGTH) if lines else None
        )
    if languages is not None:
        values["languages"] = clean_languages(languages)
    if time_zone is not None:
        values["time_zone"] = known_time_zone(time_zone)
    if accent is not None:
        values["accent"] = _accent(accent) if accent.strip() else None
    if display_names is not None:
        values["display_names"] = _display_names(display_names)
    if staff_networks is not None:
        values["staff_networks"] = clean_networks(staff_networks)
    async with database.transaction() as uow:
        company = await locked(uow, tenant)
        changed = replace(company, **values)
        if changed != company:
            await publish_change(uow, changed)
            record_audit(uow, tenant, who, "company_changed")
    return changed


def _accent(accent: str) -> str:
    """The colour in its one form, if text can be read on it and in it."""
    colour = colour_of(accent)
    if colour is None:
        raise BadTenant("accent", message("Write the colour with six digits, such as #0a5a6c."))
    if (found := contrast(colour, LIGHT_PAGE)) < MIN_CONTRAST:
        raise BadTenant(
            "accent",
            message(
                "%(colour)s cannot be read on a light page, nor white text on it: the contrast is %(found)s "
                "to 1, and it takes %(least)s. The nearest shade that can be read is %(nearest)s.",
                colour=colour,
                found=f"{found:.1f}",
                least=MIN_CONTRAST,
                nearest=darkened(colour),
            ),
        )
    return colour


def _display_names(given: Mapping[str, str]) -> dict[str, str]:
    """Names by dimension or segment, each in its one form."""
    names: dict[str, str] = {}
    for code, name in given.items():
        normal, shown = normalized_segment(code.strip()), normalized_text(name)
        dimension, colon, value = normal.partition(":")
        is_path = "/" in value and dimension != ORGANISATION
        if not dimension or (colon and not all(value.split("/"))) or is_path or _is_too_long(normal):
            raise BadTenant(
                "display_names",
                message(
                    "%(code)s names no dimension and no segment: write organisation, touchpoint:checkout or "
                    "organisation:north/sales.",
                    code=repr(code[:MAX_DISPLAY_NAME_LENGTH]),
                ),
            )
        if not shown or len(shown) > MAX_DISPLAY_NAME_LENGTH or not shown.isprintable():
            raise BadTenant(
                "display_names",
                message(
                    "The name of %(code)s takes 1 to %(most)s characters that can be printed.",
                    code=repr(normal[:MAX_DISPLAY_NAME_LENGTH]),
                    most=MAX_DISPLAY_NAME_LENGTH,
                ),
            )
        names[normal] = shown
    size = sum(len(code.encode()) + len(name.encode()) for code, name in names.items())
    if len(names) > MAX_DISPLAY_NAMES or size > MAX_DISPLAY_NAMES_BYTES:
        raise BadTenant(
            "display_names",
            message("There is room for %(most)s names, fewer when they are long.", most=MAX_DISPLAY_NAMES),
        )
    return names


def _is_too_long(code: str) -> bool:
    return len(code.encode()) > MAX_SEGMENT_BYTES
