"""The record that a domain publishes for a key (RFC 6376, 3.6.1), and whether it is that of our key."""

from dataclasses import dataclass
from typing import Literal

from shared.mail.dmarc import tags_of
from shared.mail.dns import DnsLook
from shared.values.dkim_keys import DkimKey

KeyFault = Literal["missing", "several", "revoked", "another", "not_for_mail"]


@dataclass(frozen=True, slots=True)
class FoundKey:
    """What DNS has where a key's record should be."""

    records: tuple[str, ...]
    fault: KeyFault | None
    is_tried: bool = False
    """The domain says that it tries DKIM only (``t=y``): others treat the mails as unsigned."""

    @property
    def matches(self) -> bool:
        """Whether what we sign with this key can be verified."""
        return self.fault is None


async def find_key(look: DnsLook, domain: str, key: DkimKey) -> FoundKey:
    """Look for the record of our key.

    :raises DnsUnavailable: when DNS gives no answer.
    """
    records = tuple(await look.texts(key.record_name(domain)))
    if len(records) != 1:
        return FoundKey(records, "several" if records else "missing")
    tags = tags_of(records[0])
    return FoundKey(records, _fault_in(tags, key), is_tried="y" in tags.get("t", "").split(":"))


def _fault_in(tags: dict[str, str], key: DkimKey) -> KeyFault | None:
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return "missing"
    published = "".join(tags["p"].split())
    if not published:
        return "revoked"
    if published != key.public or tags.get("k", "rsa") != key.algorithm.partition("-")[0]:
        return "another"
    hashes, uses = (tags.get(name, "").split(":") for name in ("h", "s"))
    for_mail = uses == [""] or not {"*", "email"}.isdisjoint(uses)
    return None if for_mail and (hashes == [""] or "sha256" in hashes) else "not_for_mail"
