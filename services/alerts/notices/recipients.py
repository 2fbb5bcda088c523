"""Whom a notice is for: a colleague as they are when it is queued, and again when it leaves."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from services.alerts.notices.choices import NoticeChoices, readable_choices
from services.alerts.notices.kinds import WaitingNotice
from shared.events import Tenant
from shared.values.zones import zone_of


@dataclass(frozen=True, kw_only=True)
class NoticeRecipient:
    """A colleague with their choices."""

    address: str
    role: str
    segments: tuple[str, ...]
    active: bool
    language: str
    """Empty: the company's."""
    wants_mail: bool
    """False: no mail about anything that can be chosen."""
    choices: NoticeChoices
    company: Tenant | None

    @property
    def zone(self) -> ZoneInfo:
        """Where their quiet hours and digests are counted."""
        return self.choices.zone(self.company.time_zone if self.company else None)


def recipient_of_row(row: Any, company: Tenant | None) -> NoticeRecipient:
    """The recipient of a row with their columns of ``staff`` and the body of their choices."""
    return NoticeRecipient(
        address=row.address,
        role=row.role,
        segments=tuple(row.segments),
        active=row.active,
        language=row.language,
        wants_mail=row.wants_mail,
        choices=read_choices(row.choices),
        company=company,
    )


def read_choices(body: Any) -> NoticeChoices:
    """The choices of a row's body; the defaults when there is none."""
    return NoticeChoices() if body is None else readable_choices(msgspec.convert(body, NoticeChoices))


def waiting_notice(row: Any, tenant: str, recipient: NoticeRecipient) -> WaitingNotice:
    """The notice of a row, for the check of its kind."""
    return WaitingNotice(
        tenant=tenant,
        id=row.id,
        kind=row.notice_kind,
        case_id=row.case_id,
        answer_id=row.answer_id,
        by_id=row.by_id,
        webhook_id=row.webhook_id,
        about=row.about or {},
        staff_id=row.staff_id,
        role=recipient.role,
        segments=recipient.segments,
        company=recipient.company,
        zone=zone_of(recipient.company.time_zone if recipient.company else None),
    )
