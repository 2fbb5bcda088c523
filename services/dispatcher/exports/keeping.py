"""For how many days the company keeps each kind of data that an export has."""

from collections.abc import Mapping

from services.dispatcher.retention.retention_commands import find_rules
from shared.db import UnitOfWork
from shared.privacy.export_records import BY_COMPANY, KeptKind


async def days_kept(uow: UnitOfWork, tenant: str, file_days: int) -> Mapping[KeptKind, int]:
    """The days by kind; what is not among them has no end that is set.

    :param file_days: for how long this installation keeps rows of files.
    """
    rules = (await find_rules(uow, tenant)).rules
    return {kind: getattr(rules, kind) for kind in BY_COMPANY} | {"files": file_days}
