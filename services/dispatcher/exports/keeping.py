"""For how many days the company keeps each kind of data that an export has."""

from collections.abc import Mapping
from typing import get_args

from services.dispatcher.retention.retention_commands import find_rules
from shared.db import UnitOfWork
from shared.privacy.export_records import ALWAYS, KeptKind


async def days_kept(uow: UnitOfWork, tenant: str) -> Mapping[KeptKind, int]:
    """The days by kind; what is not among them has no end that is set."""
    rules = (await find_rules(uow, tenant)).rules
    return {kind: getattr(rules, kind) for kind in get_args(KeptKind) if kind != ALWAYS}
