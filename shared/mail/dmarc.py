"""DMARC: what a domain asks others to do with mail that is not its own.

The record that counts is found as DMARCbis finds it, by walking up from the domain, without a list of public
suffixes; for a domain whose own name has a record it is the same as by RFC 7489.
"""

import re
from dataclasses import dataclass
from typing import Literal

from shared.mail.dns import DnsLook

Policy = Literal["none", "quarantine", "reject"]
MAX_LABELS = 7
"""A name with more labels is looked up by its last seven, after itself."""
_TAG = re.compile(r"\s*(?P<name>[A-Za-z]+)\s*=\s*(?P<value>[^;]*?)\s*")
_POLICIES: tuple[Policy, ...] = ("none", "quarantine", "reject")


class DmarcError(Exception):
    """The record cannot be read, or is not one; the message says why."""


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """The record that counts for a domain."""

    domain: str
    """Whose it is: the domain itself, or one above it."""
    text: str
    policy: Policy
    """For this domain; of a record above it that for the domains below."""
    strict_dkim: bool
    strict_spf: bool


async def find_dmarc(look: DnsLook, domain: str) -> DmarcRecord | None:
    """The record that counts for mail from this domain; None: there is none.

    :raises DmarcError: when it is wrong, so that others ignore it.
    :raises DnsUnavailable: when DNS gives no answer.
    """
    for name in _walk(domain):
        found = [
            each for each in await look.texts(f"_dmarc.{name}") if re.match(r"v\s*=\s*DMARC1\s*(;|$)", each)
        ]
        if len(found) > 1:
            raise DmarcError(f"_dmarc.{name} has {len(found)} DMARC records")
        if found:
            tags = tags_of(found[0])
            if tags.get("psd") == "y" and name != domain:
                return None  # of a registry: it speaks for nobody below it
            return _read(name, found[0], tags, below=name != domain)
    return None


def is_aligned(domain: str, from_domain: str, record_domain: str, *, strict: bool) -> bool:
    """Whether an authenticated domain may speak for that of From (RFC 7489, 3.1).

    :param record_domain: the domain whose DMARC record counts, below which names belong together.
    """
    if domain == from_domain:
        return True
    return not strict and all(_is_below(each, record_domain) for each in (domain, from_domain))


def tags_of(record: str) -> dict[str, str]:
    """The tags of a record of DMARC or DKIM, by their names in small letters."""
    found = (_TAG.fullmatch(part) for part in record.split(";"))
    return {tag["name"].lower(): tag["value"] for tag in found if tag is not None}


def _walk(domain: str) -> list[str]:
    labels = domain.split(".")
    above = labels[-MAX_LABELS:] if len(labels) > MAX_LABELS + 1 else labels[1:]
    return [domain, *(".".join(above[start:]) for start in range(len(above) - 1))]


def _read(name: str, text: str, tags: dict[str, str], *, below: bool) -> DmarcRecord:
    given = (tags.get("sp") if below else None) or tags.get("p", "")
    policy = next((each for each in _POLICIES if each == given.lower()), None)
    if policy is None:
        raise DmarcError(f"_dmarc.{name} has no policy (p=)")
    return DmarcRecord(
        domain=name,
        text=text,
        policy=policy,
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
    )


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
