"""What a check of a sender finds: a verdict on each thing, what is there, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shared.values.messages import Message

About = Literal["dkim", "dmarc", "spf", "ptr", "tls", "headers"]
Verdict = Literal["good", "warning", "bad", "unknown"]


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record to publish, as a form of a DNS provider asks for it."""

    name: str
    type: Literal["TXT", "PTR"]
    value: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    about: About
    verdict: Verdict
    said: Message
    found: Sequence[str] = ()
    """What is there, word for word: written by others."""
    remedy: Message | None = None
    records: Sequence[DnsRecord] = ()
    """To publish in place of what is there."""


@dataclass(frozen=True, kw_only=True)
class SenderCheck:
    """All that was found of a sender."""

    findings: Sequence[Finding]
    seen: Sequence[str] = ()
    """Selectors of keys whose record is there."""
    missing: Sequence[str] = ()
    """Selectors of keys whose record certainly is not."""

    @property
    def worst(self) -> Verdict:
        """The worst verdict; one that is unknown is no worse than a warning."""
        verdicts = {finding.verdict for finding in self.findings}
        order: tuple[Verdict, ...] = ("bad", "warning", "unknown", "good")
        return next((verdict for verdict in order if verdict in verdicts), "good")

    @property
    def passes(self) -> bool:
        """Whether mails from this address leave aligned: signed by its domain, under a DMARC record that
        others take, from hosts that the envelope's domain does not refuse.
        """
        by_thing = {finding.about: finding.verdict for finding in self.findings}
        return (
            bool(self.seen)
            and by_thing["dkim"] in {"good", "warning"}
            and by_thing["dmarc"] in {"good", "warning"}
            and by_thing["spf"] != "bad"
        )
