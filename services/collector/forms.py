"""The customer's form: what it sends, and the nonce which shows that our page was opened first."""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET

from services.collector.domain import MAX_TEXT_LENGTH, PageRevision
from services.collector.merging import GROUPS, NO_ANSWER_SHOWN, PostedForm, ShownAnswer
from shared.events.nps import SCALE, group_of
from shared.secrets import derive

FormAction = Literal["choose", "keep", "send", "language"]
"""choose: a score alone, by the script of older pages; keep: the form as it grows, by script;
send: the customer is done; language: show it again in another one."""
FormFault = Literal["score", "comment", "follow_up", "nonce", "conflict"]

NONCE_LIFETIME = timedelta(hours=48)
TEXT_FIELDS = ("comment", "follow_up_detractor", "follow_up_passive", "follow_up_promoter")
_CONSENT = {"yes": True, "no": False}


class PageNonce:
    """Who posts has opened the page: a machine that only presses buttons it has seen elsewhere has none."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "survey page")

    def make(self, invitation_id: UUID, now: datetime) -> str:
        """The nonce of a page that is drawn now."""
        made = str(int(now.timestamp()))
        return f"{made}.{self._tag(invitation_id, made)}"

    def holds(self, nonce: str, invitation_id: UUID, now: datetime) -> bool:
        """Whether we drew it for this invitation, and lately."""
        made, _, tag = nonce.partition(".")
        if not hmac.compare_digest(tag.encode(), self._tag(invitation_id, made).encode()):
            return False
        return now.timestamp() - int(made) <= NONCE_LIFETIME.total_seconds()

    def _tag(self, invitation_id: UUID, made: str) -> str:
        return hmac.new(self._key, invitation_id.bytes + made.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SurveyForm:
    """A form as it is filled in, whether it can be taken or not: nothing that was typed is ever lost."""

    language: str
    score: int | None = None
    may_contact: bool | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    had: frozenset[str] = frozenset()
    """The fields that the page had; in the others nothing was taken back."""
    action: FormAction = "send"
    nonce: str = ""
    shown: ShownAnswer = NO_ANSWER_SHOWN
    page: str = ""
    """The page's own id: the same after a fault or another language."""
    seq: int = 0
    """Counts what the page has sent."""

    @property
    def follow_up(self) -> str:
        """What was written to the question of the outcome chosen; the others are not asked."""
        return self.texts.get(f"follow_up_{group_of(self.score)}", "") if self.score is not None else ""

    def faults(self) -> list[FormFault]:
        """What keeps it from being taken."""
        found: list[FormFault] = []
        if self.score is None:
            found.append("score")
        if self.action != "choose":
            if len(self.texts.get("comment", "")) > MAX_TEXT_LENGTH:
                found.append("comment")
            if len(self.follow_up) > MAX_TEXT_LENGTH:
                found.append("follow_up")
        return found

    def posted(self) -> PostedForm:
        """What it sends; the score is there."""
        assert self.score is not None  # noqa: S101  (faults() is empty: for the type checker)
        alone = self.action == "choose"
        return PostedForm(
            score=self.score,
            language=self.language,
            sent=self.action == "send",
            comment=UNSET if alone or "comment" not in self.had else self.texts["comment"] or None,
            follow_up={}
            if alone
            else {
                outcome: self.texts[f"follow_up_{outcome}"]
                for outcome in GROUPS
                if f"follow_up_{outcome}" in self.had
            },
            may_contact=UNSET if alone else self.may_contact,
            shown=self.shown,
            written=PageRevision(self.page, self.seq) if self.page else None,
        )


def parse_score(text: object) -> int | None:
    """A score as it is written in a form or an address; anything else is none."""
    return int(text) if isinstance(text, str) and text in _SCORES else None


_SCORES = frozenset(str(score) for score in SCALE)
_PAGE = re.compile(r"[0-9a-f]{32}")
_MOST_SENT = 1_000_000


def read_form(form: Mapping[str, Any], languages: Collection[str], language: str) -> SurveyForm:
    """Read a posted form; what is not ours is not there."""

    def text(name: str) -> str:
        value = form.get(name)
        return value.replace("\0", "").replace("\r\n", "\n").strip() if isinstance(value, str) else ""

    wanted, speaks, asked = text("speak"), text("language"), text("action")
    action: FormAction = "language" if wanted in languages else "send"
    if action == "send":
        action = "choose" if asked == "choose" else "keep" if asked == "keep" else "send"
    return SurveyForm(
        language=wanted if action == "language" else speaks if speaks in languages else language,
        score=parse_score(form.get("score")),
        may_contact=_CONSENT.get(text("may_contact")),
        texts={name: text(name) for name in TEXT_FIELDS},
        had=frozenset(name for name in TEXT_FIELDS if isinstance(form.get(name), str)),
        action=action,
        nonce=text("nonce"),
        shown=ShownAnswer.decode(text("drawn")),
        page=text("page") if _PAGE.fullmatch(text("page")) else "",
        seq=min(int(text("seq")), _MOST_SENT) if re.fullmatch(r"[0-9]{1,7}", text("seq")) else 0,
    )
