"""Record who looked at what, or changed it, in the transaction in which they did."""

from typing import Literal, get_args

from shared.db.database import UnitOfWork
from shared.events import AUDIT, AuditLine
from shared.ids import uuid7

AuditAct = Literal[
    "address_shown",
    "export",
    "export_link",
    "export_opened",
    "erasure",
    "retention",
    "survey",
    "sending",
    "placeholder_ids",
    "suppression",
    "suppression_lifted",
    "person_invited",
    "person_changed",
    "person_deactivated",
    "person_activated",
]
AUDIT_ACTS: tuple[AuditAct, ...] = get_args(AuditAct)
COMMAND_LINE = "the command line"
"""Under which name an act of an operator is logged."""


def record_audit(
    uow: UnitOfWork,
    tenant: str,
    who: str,
    act: AuditAct,
    about: str | None = None,
    **facts: str | int | bool,
) -> None:
    """Publish the line, if and when the transaction commits.

    :param about: an id or a pseudonym: never an address, a name of a customer or a text.
    """
    uow.publish(AUDIT, tenant, AuditLine(id=uuid7(), at=uow.now, who=who, act=act, about=about, facts=facts))
