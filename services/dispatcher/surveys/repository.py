"""Surveys: one row each for its rules, one for each version of its words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from shared.db import UnitOfWork

_COLUMNS = (
    "s.tenant, s.id, s.version, s.survey_version, s.name, s.trigger, s.delay_minutes, s.quarantine_days, "
    "s.link_days, s.max_age_days, s.place, s.state, s.created_at, s.changed_at, "
    "w.measurement, w.default_language, w.texts"
)
_CURRENT = (
    "survey s JOIN survey_words w ON w.tenant = s.tenant AND w.survey_id = s.id "
    "AND w.survey_version = s.survey_version"
)


async def of_tenants(uow: UnitOfWork, tenants: Sequence[str]) -> Sequence[Row[Any]]:
    """All surveys of these tenants in their order."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM {_CURRENT} WHERE s.tenant = ANY(CAST(:tenants AS text[])) "
        "ORDER BY s.tenant, s.place, s.id",
        {"tenants": list(tenants)},
    )
    return found.all()


async def find(uow: UnitOfWork, tenant: str, survey_id: UUID, *, lock: bool = False) -> Row[Any] | None:
    """One survey as it stands; ``lock`` before it is changed."""
    found = await uow.execute(
        f"SELECT {_COLUMNS} FROM {_CURRENT} WHERE s.tenant = :tenant AND s.id = :id"
        + (" FOR UPDATE OF s" if lock else ""),
        {"tenant": tenant, "id": survey_id},
    )
    return found.one_or_none()


async def every_version(uow: UnitOfWork, tenant: str, survey_id: UUID | None) -> Sequence[Row[Any]]:
    """One survey, or all of the tenant, in every version of its words that an invitation may name."""
    columns = _COLUMNS.replace("s.survey_version", "w.survey_version")
    found = await uow.execute(
        f"SELECT {columns} FROM survey s JOIN survey_words w ON w.tenant = s.tenant AND w.survey_id = s.id "
        "WHERE s.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR s.id = :id) "
        "ORDER BY s.id, w.survey_version",
        {"tenant": tenant, "id": survey_id},
    )
    return found.all()


async def insert(uow: UnitOfWork, tenant: str, values: dict[str, Any]) -> bool:
    """Add a survey; False when its id is there already."""
    inserted = await uow.execute(
        "INSERT INTO survey (tenant, id, version, survey_version, name, trigger, delay_minutes, "
        "quarantine_days, "
        "link_days, max_age_days, place, state, created_at, changed_at, "
        "made_from) VALUES (:tenant, :id, 1, 1, :name, "
        ":trigger, :delay_minutes, :quarantine_days, :link_days, :max_age_days, "
        "coalesce(CAST(:place AS integer), (SELECT coalesce(max(place), 0) + 1 FROM survey WHERE tenant = "
        ":tenant)), "
        ":state, :now, :now, :made_from) ON CONFLICT DO NOTHING RETURNING id",
        {**values, "tenant": tenant, "now": uow.now},
    )
    return inserted.one_or_none() is not None


async def made_from(uow: UnitOfWork, tenant: str, survey_id: UUID) -> str | None:
    """The fingerprint of the request that made a survey; None: nobody kept it."""
    found = await uow.execute(
        "SELECT made_from FROM survey WHERE tenant = :tenant AND id = :id",
        {"tenant": tenant, "id": survey_id},
    )
    return found.scalar_one_or_none()


async def update(uow: UnitOfWork, tenant: str, values: dict[str, Any]) -> None:
    """Write a survey's rules and its version of words."""
    await uow.execute(
        "UPDATE survey SET version = version + 1, survey_version = :survey_version, name = :name, "
        "trigger = :trigger, delay_minutes = :delay_minutes, quarantine_days = :quarantine_days, "
        "link_days = :link_days, max_age_days = :max_age_days, place = :place, state = :state, changed_at "
        "= :now "
        "WHERE tenant = :tenant AND id = :id",
        {**values, "tenant": tenant, "now": uow.now},
    )


async def insert_words(
    uow: UnitOfWork, tenant: str, survey_id: UUID, survey_version: int, *, measurement: str,
    default_language: str, texts: bytes,
) -> None:  # fmt: skip
    """Keep a new version of a survey's words."""
    await uow.execute(
        "INSERT INTO survey_words (tenant, survey_id, survey_version, measurement, default_language, texts, "
        "written_at) VALUES (:tenant, :id, :version, :measurement, :language, :texts, :now)",
        {
            "tenant": tenant,
            "id": survey_id,
            "version": survey_version,
            "measurement": measurement,
            "language": default_language,
            "texts": texts,
            "now": uow.now,
        },
    )


async def touch_all(uow: UnitOfWork, tenant: str) -> None:
    """Give every survey of the tenant a new version, in sorted order: how it is sent has changed."""
    await uow.execute(
        "SELECT 1 FROM survey WHERE tenant = :tenant ORDER BY id FOR UPDATE", {"tenant": tenant}
    )
    await uow.execute("UPDATE survey SET version = version + 1 WHERE tenant = :tenant", {"tenant": tenant})


async def last_place(uow: UnitOfWork, tenant: str) -> int:
    """The highest place of the tenant's surveys; 0 without any."""
    found = await uow.execute(
        "SELECT coalesce(max(place), 0) AS last FROM survey WHERE tenant = :tenant", {"tenant": tenant}
    )
    return int(found.one().last)


async def renumber(uow: UnitOfWork, tenant: str) -> None:
    """Give the tenant's surveys the places from 1 on, in the order that they have."""
    await uow.execute(
        "SELECT 1 FROM survey WHERE tenant = :tenant ORDER BY id FOR UPDATE", {"tenant": tenant}
    )
    await uow.execute(
        "UPDATE survey s SET version = s.version + 1, place = n.place, changed_at = :now FROM ("
        "SELECT id, row_number() OVER (ORDER BY place, id) AS place FROM survey WHERE tenant = :tenant) n "
        "WHERE s.tenant = :tenant AND s.id = n.id AND s.place <> n.place",
        {"tenant": tenant, "now": uow.now},
    )


async def counts(
    uow: UnitOfWork, tenant: str, since: datetime, within: Sequence[str] = ()
) -> Sequence[Row[Any]]:
    """How many invitations of each survey stand in which state since a time, of these segments."""
    found = await uow.execute(
        "SELECT i.survey_id, i.state, i.test, count(*) AS n FROM decision d "
        "JOIN invitation i ON i.tenant = d.tenant AND i.id = d.invitation_id "
        "WHERE d.tenant = :tenant AND d.decided_at >= :since "
        "AND (CAST(:within AS text[]) = '{}' OR d.segments && CAST(:within AS text[])) GROUP BY 1, 2, 3",
        {"tenant": tenant, "since": since, "within": list(within)},
    )
    return found.all()
