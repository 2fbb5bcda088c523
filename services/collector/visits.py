"""Whether the visits of a link are a person's or a machine's that scans mail. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

MachineFlag = Literal["scores", "agent", "honeypot"]
"""Why a visit was a machine's: many scores at once; a scanner's user agent; a link that is hidden."""
VisitClass = Literal["human", "suspect", "bot"]
"""Whose the visits of a link are. bot: they have a flag; suspect: they began before anybody had the mail."""
EARLY = timedelta(seconds=5)
"""Nobody has received, opened and read a mail so soon after the mail server took it."""
HANDING_OVER = timedelta(minutes=30)
"""For so long after a mail was due it is taken to be on its way to the mail server, unless we know better. A
server may scan the links of a mail before it takes it. The sender gives up after as long (the lease of a
delivery); and where events come late, the mail may have been taken long ago without our knowing it."""
SCAN_PERIOD = timedelta(seconds=10)
SCANNED_SCORES = 3
"""So many scores of one link, followed within the period, are a scan."""


@dataclass(frozen=True, slots=True)
class Mails:
    """When the mail server took the mails of an invitation, as far as it is known here."""

    first_at: datetime
    """When it took the first one; as long as that is not known, when that was due."""
    is_expected: bool = False
    """The first one waits, or is being handed over."""
    reminding_since: datetime | None = None
    """When the last reminder began to be handed over."""
    reminded_at: datetime | None = None
    """When it last took a reminder; before ``reminding_since``: not that one."""
    is_shown: bool = False
    """There is none: the company shows the link itself, at once."""

    def are_early(self, at: datetime) -> bool:
        """Whether nobody can have had the mail that a visit at this time is likely to have come by.

        Between two mails a person may come by the first of them.
        """
        if self.is_shown:
            return False
        if at < self.first_at + (HANDING_OVER if self.is_expected else EARLY):
            return True
        since, taken = self.reminding_since, self.reminded_at
        if since is not None and (taken is None or taken < since):
            return since <= at < since + HANDING_OVER
        return taken is not None and (since or taken) <= at < taken + EARLY


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a link's page."""

    score: int | None
    """The score in the link."""
    agent: str
    """The User-Agent header."""
    trapped: bool
    """The hidden link was followed."""


@dataclass(frozen=True, slots=True)
class Intent:
    """The visits of one invitation's link, summed up in one row: no number of visits fills the disk."""

    first_at: datetime
    last_at: datetime
    visits: int
    score: int | None
    seen: Mapping[str, float]
    """When each score was last followed, in seconds of Unix time."""
    flag: MachineFlag | None

    def opened_at(self, mails: Mails) -> datetime | None:
        """When a person first followed the link; None where that may have been a machine."""
        return self.first_at if visit_class(self.flag, self.first_at, mails) == "human" else None


def visit_class(flag: str | None, first_at: datetime, mails: Mails | None) -> VisitClass:
    """Whose the visits of a link are, of which the first was at that time."""
    if flag is not None:
        return "bot"
    return "suspect" if mails is not None and mails.are_early(first_at) else "human"


def intent_after(intent: Intent | None, visit: Visit, now: datetime) -> Intent:
    """The intent after one more visit. The first flag stays."""
    seen = dict(intent.seen) if intent else {}
    if visit.score is not None:
        seen[str(visit.score)] = now.timestamp()
    return Intent(
        first_at=intent.first_at if intent else now,
        last_at=now,
        visits=(intent.visits if intent else 0) + 1,
        score=visit.score if visit.score is not None else intent.score if intent else None,
        seen=seen,
        flag=(intent.flag if intent else None) or _machine_flag(visit, list(seen.values()), now),
    )


def _machine_flag(visit: Visit, followed: Sequence[float], now: datetime) -> MachineFlag | None:
    if visit.trapped:
        return "honeypot"
    if is_scanner(visit.agent):
        return "agent"
    since = now.timestamp() - SCAN_PERIOD.total_seconds()
    return "scores" if sum(at > since for at in followed) >= SCANNED_SCORES else None


def is_scanner(agent: str) -> bool:
    """Whether a User-Agent header names a known scanner."""
    return any(name in agent.lower() for name in SCANNER_AGENTS)


SCANNER_AGENTS = (
    "barracuda",
    "bingpreview",
    "bitdefender",
    "bot/",
    "bot;",
    "facebookexternalhit",
    "fortinet",
    "microsoft office",
    "mimecast",
    "ms-office",
    "proofpoint",
    "safelinks",
    "slackbot",
    "symantec",
    "trendmicro",
    "trend micro",
    "urldefense",
    "whatsapp",
    "zscaler",
)
"""What link scanners and previews that name themselves call themselves. A flag never stops a person."""
