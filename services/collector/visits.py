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
SCAN_PERIOD = timedelta(seconds=10)
SCANNED_SCORES = 3
"""So many scores of one link, followed within the period, are a scan."""


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

    def opened_at(self, mailed_at: datetime) -> datetime | None:
        """When a person first followed the link; None where that may have been a machine."""
        return self.first_at if visit_class(self.flag, self.first_at, mailed_at) == "human" else None


def is_early(at: datetime, mailed_at: datetime) -> bool:
    """Whether something happened when no person can have had the mail, which the mail server took then."""
    return at < mailed_at + EARLY


def visit_class(flag: str | None, first_at: datetime, mailed_at: datetime | None) -> VisitClass:
    """Whose the visits of a link are, of which the first was at that time."""
    if flag is not None:
        return "bot"
    return "suspect" if mailed_at is not None and is_early(first_at, mailed_at) else "human"


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
