"""For how many days each kind of data is kept. The one place to ask the company's own rules from."""

from collections.abc import Mapping

from shared.db import UnitOfWork
from shared.privacy.export import KeptKind

DEFAULT_DAYS: Mapping[KeptKind, int] = {
    "contacts": 730,
    "comments": 730,
    "cases": 1095,
    "decisions": 400,
    "visits": 30,
    "deliveries": 90,
}


async def days_kept(uow: UnitOfWork, tenant: str) -> Mapping[KeptKind, int]:  # noqa: ARG001  (for the rules)
    """The days by kind; what is not among them has no end that is set."""
    return DEFAULT_DAYS
