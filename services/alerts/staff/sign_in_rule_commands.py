"""What a company asks of everybody who signs in, by whichever door it is decided."""

from services.alerts.errors import BadAccount
from services.alerts.staff.repository import second_factors
from shared.db.database import UnitOfWork
from shared.http.auth import Caller
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import message


async def require_second_factor(uow: UnitOfWork, caller: Caller, *, required: bool) -> None:
    """Ask everybody for a second factor, or leave it to each.

    :raises BadAccount: when it is asked for by who has none, or by a key while no administrator has one.
    """
    tenant = caller.tenant
    if required:
        await _refuse_untried(uow, caller)
    if required == await second_factors.is_required(uow, tenant):
        return
    await second_factors.set_required(uow, tenant, required=required)
    if required:
        await second_factors.delete_sessions_without_factor(uow, tenant)
    record_audit(uow, tenant, AuditActor.of(caller), "second_factor_rule", None, required=required)


async def _refuse_untried(uow: UnitOfWork, caller: Caller) -> None:
    if caller.staff is None:
        if not await second_factors.has_admin_with_factor(uow, caller.tenant):
            raise BadAccount(
                "second_factor_required",
                message("An administrator switches on their own second factor first, to know that it works."),
            )
    elif caller.staff.id not in await second_factors.people_with_factor(uow, caller.tenant):
        raise BadAccount(
            "second_factor_required",
            message("Switch on your own second factor first, to know that it works."),
        )
