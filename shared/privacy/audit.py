"""Record who looked at what, or changed it, in the transaction in which they did."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from shared.db.database import UnitOfWork
from shared.events import AUDIT, AuditLine
from shared.ids import uuid7

if TYPE_CHECKING:
    from shared.api_keys import ApiKey
    from shared.http.auth import Caller
    from shared.http.staff_auth import Staff

AuditAct = Literal[
    "address_shown",
    "export",
    "export_link",
    "export_opened",
    "export_link_withdrawn",
    "erasure",
    "retention",
    "survey",
    "sending",
    "sender",
    "contact_policy",
    "case_rules",
    "team",
    "calendar",
    "absence",
    "text_block",
    "attribute",
    "case_link",
    "promise",
    "improvement",
    "mark",
    "segment_pair",
    "screen_made",
    "screen_revoked",
    "view_removed",
    "view_mail_stopped",
    "benchmark",
    "themes",
    "notices",
    "customers",
    "import",
    "wave",
    "placeholder_ids",
    "answer_judged",
    "answers_exported",
    "share_link_made",
    "share_link_changed",
    "source_declared",
    "source_changed",
    "source_read_again",
    "source_previewed",
    "source_deleted",
    "webhook_made",
    "webhook_changed",
    "webhook_secret_changed",
    "webhook_replayed",
    "webhook_deleted",
    "chat_made",
    "chat_changed",
    "chat_deleted",
    "suppression",
    "suppression_lifted",
    "suppressions_exported",
    "person_invited",
    "person_changed",
    "person_deactivated",
    "person_activated",
    "person_provisioned",
    "person_linked",
    "identity_provider_changed",
    "identity_provider_removed",
    "sign_in_link",
    "password_set",
    "sessions_ended",
    "second_factor_on",
    "second_factor_off",
    "second_factor_reset",
    "second_factor_rule",
    "introductions",
    "recovery_code_used",
    "company_created",
    "company_changed",
    "company_paused",
    "company_resumed",
    "company_leaves",
    "company_stays",
    "company_exported",
    "company_export_opened",
    "company_export_withdrawn",
    "people_rule",
    "bi_granted",
    "bi_revoked",
    "key_created",
    "key_revoked",
]
AUDIT_ACTS: tuple[AuditAct, ...] = get_args(AuditAct)
ActorKind = Literal["staff", "key", "command_line", "customer"]
ACTOR_KINDS: tuple[ActorKind, ...] = get_args(ActorKind)


@dataclass(frozen=True, slots=True)
class AuditActor:
    """Whose act it is."""

    kind: ActorKind
    id: str | None
    name: str
    """Under which the act is logged."""

    @classmethod
    def of_staff(cls, staff: "Staff") -> "AuditActor":
        """A member of staff who is signed in."""
        return cls("staff", str(staff.id), staff.name)

    @classmethod
    def of_key(cls, key: "ApiKey") -> "AuditActor":
        """An API key."""
        return cls("key", key.id, f"the key {key.name}")

    @classmethod
    def of(cls, caller: "Caller") -> "AuditActor":
        """A member of staff or a key.

        :raises ValueError: when it is neither, which no route lets pass.
        """
        if caller.staff is not None:
            return cls.of_staff(caller.staff)
        if caller.key is None:
            raise ValueError("a caller is a member of staff or a key")
        return cls.of_key(caller.key)


OPERATOR = AuditActor("command_line", None, "the operator")
"""An operator by the API of companies."""
COMMAND_LINE = AuditActor("command_line", None, "the command line")
"""An operator at a command."""
LINK_HOLDER = AuditActor("command_line", None, "whoever had the link")
"""Somebody to whom an operator gave a link, or who got one by mail."""
CUSTOMER = AuditActor("customer", None, "the customer")
"""A customer, whose own act it is: nobody is named."""


def record_audit(
    uow: UnitOfWork,
    tenant: str,
    who: AuditActor,
    act: AuditAct,
    about: str | None = None,
    **facts: str | int | bool,
) -> None:
    """Publish the line, if and when the transaction commits.

    :param about: an id or a pseudonym: never an address, a name of a customer or a text.
    """
    line = AuditLine(
        id=uuid7(),
        at=uow.now,
        who=who.name,
        who_kind=who.kind,
        who_id=who.id,
        act=act,
        about=about,
        facts=facts,
    )
    uow.publish(AUDIT, tenant, line)
