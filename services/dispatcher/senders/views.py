"""The pages of senders: what each template sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.dispatcher.senders.domain import INSTALLATION, CompanySender, SenderState
from services.dispatcher.senders.findings import DnsRecord, Finding
from services.dispatcher.senders.labels import ABOUT_LABELS, STATE_LABELS, VERDICT_LABELS
from shared.pages.language import spoken
from shared.pages.page import Page


@dataclass(frozen=True)
class SenderLine:
    """A sender in the list."""

    id: str
    address: str
    state: str
    checked_at: datetime | None

    @classmethod
    def of(cls, sender: CompanySender, state: SenderState) -> "SenderLine":
        """A company's own."""
        return cls(str(sender.id), sender.address, spoken(STATE_LABELS[state]), sender.checked_at)

    @classmethod
    def of_installation(cls, address: str, *, used: bool) -> "SenderLine":
        """The installation's."""
        return cls(INSTALLATION, address, spoken(STATE_LABELS["used" if used else "spare"]), None)


@dataclass(frozen=True, kw_only=True)
class SendersPage(Page):
    """All senders, and the form for another one."""

    template: ClassVar[str] = "senders.html"
    senders: Sequence[SenderLine]
    used: str
    """The address that mails come from."""
    offered: bool
    """Whether the operator allows senders of companies."""
    has_room: bool
    held: int = 0
    """Destinations from which so many mails came back by policy that they get few."""
    typed: str = ""
    fault: str = ""
    done: str = ""


@dataclass(frozen=True)
class FindingLine:
    """One thing that was looked at, in words."""

    about: str
    verdict: str
    label: str
    said: str
    found: Sequence[str]
    remedy: str
    records: Sequence[DnsRecord]

    @classmethod
    def of(cls, finding: Finding) -> "FindingLine":
        return cls(
            about=spoken(ABOUT_LABELS[finding.about]),
            verdict=finding.verdict,
            label=spoken(VERDICT_LABELS[finding.verdict]),
            said=spoken(finding.said),
            found=finding.found,
            remedy=spoken(finding.remedy) if finding.remedy is not None else "",
            records=finding.records,
        )


@dataclass(frozen=True, kw_only=True)
class SenderPage(Page):
    """What was found of one sender."""

    template: ClassVar[str] = "sender.html"
    id: str
    address: str
    is_own: bool
    """Whether it is the company's; else the installation's."""
    state: SenderState
    worst: str
    to_mend: int
    findings: Sequence[FindingLine]
    rotates: bool
    """Whether a newer key waits for its record."""
    fault: str = ""
    done: str = ""
