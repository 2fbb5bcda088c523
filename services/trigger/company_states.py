"""How a company is paused, goes on, leaves, stays after all, and has left."""

from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from msgspec.structs import replace

from services.trigger import repository
from services.trigger.errors import WrongState
from services.trigger.tenants import locked, publish_change
from shared.db.database import Database, UnitOfWork
from shared.errors import is_infrastructure_error
from shared.events import TENANTS, CompanyState, Tenant
from shared.health import Health
from shared.privacy.audit import COMMAND_LINE, AuditAct, AuditActor, record_audit
from shared.runtime import Loop, Periodic
from shared.tenancy.closed import find_leaving

log = structlog.get_logger()

StateChange = Literal["pause", "resume", "leave", "stay"]
GRACE_DAYS = 30
"""Between leaving and the erasure, unless somebody says otherwise: so long it can be taken back."""
MAX_GRACE_DAYS = 365
NO_COUNTRY = "ZZ"
"""Two letters that no country has (ISO 3166)."""
LEAVING_LOOP = "leaving companies"
CHECK_INTERVAL_S = 10.0

STATES_BY_CHANGE: dict[StateChange, tuple[CompanyState, ...]] = {
    "pause": ("running",),
    "resume": ("paused",),
    "leave": ("running", "paused"),
    "stay": ("leaving",),
}
STATE_BY_CHANGE: dict[StateChange, CompanyState] = {
    "pause": "paused",
    "resume": "running",
    "leave": "leaving",
    # Not running: whoever takes it back looks first at what would be sent.
    "stay": "paused",
}
ACT_BY_CHANGE: dict[StateChange, AuditAct] = {
    "pause": "company_paused",
    "resume": "company_resumed",
    "leave": "company_leaves",
    "stay": "company_stays",
}


async def change_state(
    database: Database,
    tenant: str,
    change: StateChange,
    *,
    grace_days: int | None = None,
    moved_from: datetime | None = None,
    who: AuditActor = COMMAND_LINE,
) -> Tenant:
    """Change the state of a company; the same again changes nothing.

    :param grace_days: of ``leave``: after so many days the company is erased, 30 unless it says otherwise.
        With 0 that begins at once. Of a company that leaves already it moves the day, counted from now;
        None leaves the day as it is.
    :param moved_from: of ``leave``: nothing but the day of a company that leaves then is changed.
    :raises WrongState: when that cannot become of the company as it is.
    :raises UnknownTenant: when there is no such company.
    """
    if grace_days is not None and not 0 <= grace_days <= MAX_GRACE_DAYS:
        raise ValueError(grace_days)
    async with database.transaction() as uow:
        company = await locked(uow, tenant)
        if moved_from is not None and (company.state, company.leaves_at) != ("leaving", moved_from):
            raise WrongState(tenant, company.state)
        moves = change == "leave" and company.state == "leaving" and grace_days is not None
        if company.state == STATE_BY_CHANGE[change] and change != "stay" and not moves:
            return company
        if not moves and company.state not in STATES_BY_CHANGE[change]:
            raise WrongState(tenant, company.state)
        days = GRACE_DAYS if grace_days is None else grace_days
        leaves_at = uow.now + timedelta(days=days) if change == "leave" else None
        changed = replace(company, state=STATE_BY_CHANGE[change], leaves_at=leaves_at)
        published = await publish_change(uow, changed)
        facts: dict[str, Any] = {"grace_days": days} if change == "leave" else {}
        record_audit(uow, tenant, who, ACT_BY_CHANGE[change], **facts)
    return published


async def let_go(uow: UnitOfWork, tenant: str) -> None:
    """End the days of grace of a company if they are over: from now on every service erases it."""
    company = await locked(uow, tenant)
    if company.state != "leaving" or company.leaves_at is None or company.leaves_at > uow.now:
        return
    # The short name stays taken, so that nothing that comes late is taken for another company's.
    left = Tenant(
        id=company.id,
        version=company.version + 1,
        name=company.id,
        time_zone="UTC",
        country=NO_COUNTRY,
        state="left",
        leaves_at=company.leaves_at,
    )
    await repository.update_tenant(uow, left)
    uow.publish(TENANTS, left.id, left)


def leaving_loop(database: Database, health: Health) -> Loop:
    """The loop that ends the days of grace."""

    async def step() -> float | None:
        async with database.reading() as uow:
            over = await find_leaving(uow)
        for tenant in over:
            try:
                async with database.transaction() as uow:
                    await let_go(uow, tenant)
            except Exception as error:
                if is_infrastructure_error(error):
                    raise
                log.warning("company_not_let_go", tenant=tenant, error=type(error).__name__)
        return None

    return Periodic(LEAVING_LOOP, step, CHECK_INTERVAL_S, health).run
