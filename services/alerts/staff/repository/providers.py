"""The identity providers of companies, and whom they know."""

from typing import Any
from uuid import UUID

import msgspec

from shared.db.database import UnitOfWork

FIND_PROVIDER = """
    SELECT tenant, name, issuer, client_id, sealed, claims, provisions, trusts_addresses, only_way
    FROM identity_provider
    WHERE tenant = :tenant
"""
LOCK_PROVIDER = f"{FIND_PROVIDER} FOR UPDATE"


async def find_provider(uow: UnitOfWork, tenant: str, *, lock: bool = False) -> Any | None:
    """The identity provider of a company."""
    found = await uow.execute(LOCK_PROVIDER if lock else FIND_PROVIDER, {"tenant": tenant})
    return found.one_or_none()


SAVE_PROVIDER = """
    INSERT INTO identity_provider (
        tenant, name, issuer, client_id, sealed, claims, provisions, trusts_addresses, changed_at
    )
    VALUES (
        :tenant, :name, :issuer, :client_id, :sealed, CAST(:claims AS jsonb), :provisions, :trusts_addresses,
        :now
    )
    ON CONFLICT (tenant) DO UPDATE SET
        name = excluded.name, issuer = excluded.issuer, client_id = excluded.client_id,
        sealed = excluded.sealed, claims = excluded.claims, provisions = excluded.provisions,
        trusts_addresses = excluded.trusts_addresses, changed_at = excluded.changed_at
"""


async def save_provider(uow: UnitOfWork, tenant: str, **values: Any) -> None:
    """Write the settings of a company's identity provider; ``only_way`` stays as it is."""
    encoded = msgspec.json.encode(values.pop("claims")).decode()
    await uow.execute(SAVE_PROVIDER, {**values, "tenant": tenant, "claims": encoded, "now": uow.now})


SET_ONLY_WAY = "UPDATE identity_provider SET only_way = :only_way WHERE tenant = :tenant RETURNING tenant"


async def set_only_way(uow: UnitOfWork, tenant: str, *, only_way: bool) -> bool:
    """Let people in through the provider alone, or by passwords, too; False when the company has none."""
    found = await uow.execute(SET_ONLY_WAY, {"tenant": tenant, "only_way": only_way})
    return found.one_or_none() is not None


DELETE_PROVIDER = "DELETE FROM identity_provider WHERE tenant = :tenant RETURNING tenant"
DELETE_SUBJECTS = "DELETE FROM provider_subject WHERE tenant = :tenant"


async def delete_provider(uow: UnitOfWork, tenant: str) -> bool:
    """Forget a company's identity provider, and whom it knows; False when the company has none."""
    found = await uow.execute(DELETE_PROVIDER, {"tenant": tenant})
    await uow.execute(DELETE_SUBJECTS, {"tenant": tenant})
    return found.one_or_none() is not None


FIND_SUBJECT = """
    SELECT staff_id FROM provider_subject
    WHERE tenant = :tenant AND issuer = :issuer AND subject = :subject
"""


async def find_subject(uow: UnitOfWork, tenant: str, issuer: str, subject: str) -> UUID | None:
    """Whose account a subject of this issuer is linked with."""
    values = {"tenant": tenant, "issuer": issuer, "subject": subject}
    found: UUID | None = (await uow.execute(FIND_SUBJECT, values)).scalar_one_or_none()
    return found


ADD_SUBJECT = """
    INSERT INTO provider_subject (tenant, issuer, subject, staff_id, linked_at)
    VALUES (:tenant, :issuer, :subject, :person, :now)
    ON CONFLICT DO NOTHING
    RETURNING staff_id
"""


async def add_subject(uow: UnitOfWork, tenant: str, issuer: str, subject: str, person: UUID) -> bool:
    """Link a subject with an account; False when it is linked already."""
    values = {"tenant": tenant, "issuer": issuer, "subject": subject, "person": person, "now": uow.now}
    return (await uow.execute(ADD_SUBJECT, values)).one_or_none() is not None


HAS_SUBJECT = """
    SELECT EXISTS (
        SELECT FROM provider_subject
        WHERE tenant = :tenant AND issuer = :issuer AND staff_id = :person
    )
"""


async def is_linked(uow: UnitOfWork, tenant: str, issuer: str, person: UUID) -> bool:
    """Whether a person's account is linked with this issuer."""
    values = {"tenant": tenant, "issuer": issuer, "person": person}
    return bool((await uow.execute(HAS_SUBJECT, values)).scalar_one())


FIND_ONLY_WAYS = """
    SELECT tenant FROM identity_provider
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND only_way
"""


async def only_by_provider(uow: UnitOfWork, tenants: list[str]) -> set[str]:
    """Which of these companies let people in through their provider alone."""
    return set((await uow.execute(FIND_ONLY_WAYS, {"tenants": tenants})).scalars())
