"""What administrators change of their company: its name, its postal address and its languages."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from services.trigger.errors import BadTenant
from services.trigger.tenants import (
    MAX_NAME_LENGTH,
    MAX_POSTAL_ADDRESS_LENGTH,
    locked,
    printable,
    publish_change,
)
from shared.db.database import Database
from shared.events import Tenant
from shared.privacy.audit import AuditActor, record_audit
from shared.values.languages import language_tag
from shared.values.messages import message

MAX_LANGUAGES = 20


async def change_company(
    database: Database,
    tenant: str,
    *,
    name: str | None = None,
    postal_address: str | None = None,
    languages: Sequence[str] | None = None,
    who: AuditActor,
) -> Tenant:
    """Change what customers read of a company; None keeps a value.

    Its zone and country stay: the days by which answers are counted, and the law, depend on them.

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
        values["languages"] = _languages(languages)
    async with database.transaction() as uow:
        company = await locked(uow, tenant)
        changed = replace(company, **values)
        if changed != company:
            await publish_change(uow, changed)
            record_audit(uow, tenant, who, "company_changed")
    return changed


def _languages(languages: Sequence[str]) -> tuple[str, ...]:
    tags = [language_tag(each.strip()) for each in languages if each.strip()]
    if not tags or None in tags or len(tags) > MAX_LANGUAGES:
        raise BadTenant(
            "languages",
            message("Write one to %(most)s languages as tags, such as en, da or pt-BR.", most=MAX_LANGUAGES),
        )
    return tuple(dict.fromkeys(tag for tag in tags if tag is not None))
