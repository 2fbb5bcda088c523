"""Bodies and answers of ``/v1/senders``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.dispatcher.senders.domain import INSTALLATION, CompanySender, SenderState
from services.dispatcher.senders.findings import About, DnsRecord, SenderCheck, Verdict
from shared.http.request_body import StrictBody
from shared.mail.installation import InstallationSender
from shared.pages.language import spoken
from shared.values.dkim_keys import DkimKey


class SenderBody(StrictBody):
    """An address of the company's own that mails are to come from."""

    address: str = Field(max_length=254, description="Such as `survey@example.com`.")


class RecordAnswer(BaseModel):
    """A DNS record to publish."""

    name: str
    type: Literal["TXT", "PTR"]
    value: str

    @classmethod
    def of(cls, record: DnsRecord) -> "RecordAnswer":
        return cls(name=record.name, type=record.type, value=record.value)


class KeyAnswer(BaseModel):
    """A key of a sender."""

    selector: str
    record: RecordAnswer
    seen_at: datetime | None = Field(description="When its record was first seen; null: it is not there.")
    signs: bool = Field(description="Whether mails are signed with it.")


class SenderAnswer(BaseModel):
    """An address that mails may come from."""

    id: str = Field(description="`installation`: the one that every company has.")
    address: str
    state: SenderState = Field(
        description="`used`: mails come from it. `spare`: they could. `waiting`: its records were never all "
        "seen. `lost`: the record of its key is gone. Of several that could be used, the newest is."
    )
    created_at: datetime | None
    checked_at: datetime | None
    keys: list[KeyAnswer] = Field(description="The newest first.")

    @classmethod
    def of(cls, sender: CompanySender, state: SenderState, keys: Sequence[DkimKey]) -> "SenderAnswer":
        """A company's own. A key that cannot be opened any more is left out."""
        stored = {key.selector: key for key in sender.keys}
        return cls(
            id=str(sender.id),
            address=sender.address,
            state=state,
            created_at=sender.created_at,
            checked_at=sender.checked_at,
            keys=[
                _key(
                    key,
                    sender.domain,
                    stored[key.selector].seen_at,
                    signs=stored[key.selector] is sender.signing,
                )
                for key in keys
            ],
        )

    @classmethod
    def of_installation(cls, sender: InstallationSender, *, used: bool) -> "SenderAnswer":
        """The installation's."""
        return cls(
            id=INSTALLATION,
            address=sender.address,
            state="used" if used else "spare",
            created_at=None,
            checked_at=None,
            keys=[],
        )


def _key(key: DkimKey, domain: str, seen_at: datetime | None, *, signs: bool) -> KeyAnswer:
    record = RecordAnswer(name=key.record_name(domain), type="TXT", value=key.record)
    return KeyAnswer(selector=key.selector, record=record, seen_at=seen_at, signs=signs)


class SenderList(BaseModel):
    """All senders of a company, the newest first; the installation's is the last."""

    senders: list[SenderAnswer]


class FindingAnswer(BaseModel):
    """One thing that was looked at."""

    about: About
    verdict: Verdict
    text: str = Field(description="What it means, in the reader's language.")
    found: list[str] = Field(description="What is there, word for word.")
    remedy: str | None
    records: list[RecordAnswer] = Field(description="To publish in DNS.")


class SenderCheckAnswer(BaseModel):
    """What was found of a sender."""

    id: str
    address: str
    verdict: Verdict = Field(description="The worst of the findings.")
    passes: bool = Field(description="Whether all is there that a company's own sender needs to be used.")
    findings: list[FindingAnswer]

    @classmethod
    def of(cls, sender_id: str, address: str, check: SenderCheck) -> "SenderCheckAnswer":
        return cls(
            id=sender_id,
            address=address,
            verdict=check.worst,
            passes=check.passes,
            findings=[
                FindingAnswer(
                    about=each.about,
                    verdict=each.verdict,
                    text=spoken(each.said),
                    found=list(each.found),
                    remedy=spoken(each.remedy) if each.remedy is not None else None,
                    records=[RecordAnswer.of(record) for record in each.records],
                )
                for each in check.findings
            ],
        )
