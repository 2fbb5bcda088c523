"""The customer's form: what it posts, and the nonce that shows that our page was opened first."""

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from msgspec import UNSET
from starlette.datastructures import FormData

from services.collector.domain import MAX_TEXT_LENGTH, PageRevision, parse_score
from services.collector.merging import GROUPS, NO_ANSWER_SHOWN, PostedForm, ShownAnswer, field_of
from shared.events import Question
from shared.events.nps import group_of
from shared.events.questions import Values, known_values, shown_questions
from shared.events.surveys import Layout
from shared.secrets import derive

FormAction = Literal["choose", "keep", "close", "send", "language"]
"""choose: a score alone, posted by the script of earlier versions of the page; keep: the form as it grows,
posted by the script; close: the page of an anonymous survey is left for good, posted by the script; send: the
customer is done; language: show the form again in another language."""
FormFault = str
"""``score``, ``comment``, ``follow_up``, ``nonce``, ``suspect`` (where it cannot be held), ``conflict``, or
the field of a further question."""

NONCE_LIFETIME = timedelta(hours=48)
TEXT_FIELDS = ("comment", *(f"follow_up_{group}" for group in GROUPS))
MAX_SEQ = 1_000_000
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
HONEYPOT = "website"
"""A text field that no person sees: a machine that fills in every field fills it in."""
_CONSENT = {"yes": True, "no": False}
TOUCHED = {"1": True, "0": False}
"""By the field in which the page's script says whether it saw a hand."""
_PAGE_ID = re.compile(r"[0-9a-f]{32}")


class PageNonce:
    """Shows that a form was posted from our page: a machine that only replays a form has none."""

    def __init__(self, secret: str) -> None:
        self._key = derive(secret, "survey page")

    def make(self, invitation_id: UUID, now: datetime, *, is_second: bool = False) -> str:
        """The nonce of a page that is rendered now; ``is_second``: since what the first one posted may have
        been a machine's.
        """
        made = str(int(now.timestamp()))
        return f"{made}.{self._tag(invitation_id, made, is_second=is_second)}"

    def is_valid(self, nonce: str, invitation_id: UUID, now: datetime) -> bool:
        """Whether it was made for this invitation, within its lifetime."""
        made = nonce.partition(".")[0]
        if not self._is_made(nonce, invitation_id) and not self.is_second(nonce, invitation_id):
            return False
        return now.timestamp() - int(made) <= NONCE_LIFETIME.total_seconds()

    def made_at(self, nonce: str) -> datetime | None:
        """When a valid nonce was made, in whole seconds."""
        made = nonce.partition(".")[0]
        return datetime.fromtimestamp(int(made), UTC) if re.fullmatch(r"[0-9]{1,11}", made) else None

    def is_second(self, nonce: str, invitation_id: UUID) -> bool:
        """Whether its page asked to press Send once more."""
        return self._is_made(nonce, invitation_id, is_second=True)

    def _is_made(self, nonce: str, invitation_id: UUID, *, is_second: bool = False) -> bool:
        made, _, tag = nonce.partition(".")
        own = self._tag(invitation_id, made, is_second=is_second)
        return hmac.compare_digest(tag.encode(), own.encode())

    def _tag(self, invitation_id: UUID, made: str, *, is_second: bool = False) -> str:
        signed = invitation_id.bytes + made.encode() + (b" again" if is_second else b"")
        return hmac.new(self._key, signed, hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SurveyForm:
    """A form as it is filled in, valid or not: nothing that was typed is ever lost."""

    language: str
    score: int | None = None
    may_contact: bool | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    posted_fields: frozenset[str] = frozenset()
    """The text fields that the page had; the answer keeps the others as they are."""
    action: FormAction = "send"
    nonce: str = ""
    shown: ShownAnswer = NO_ANSWER_SHOWN
    page: str = ""
    """The page's own id: the same after a fault or in another language."""
    seq: int = 0
    """How often the page has posted."""
    questions: Sequence[Question] = ()
    """The survey's further ones."""
    replies: Values = field(default_factory=dict)
    """To each of them that the page had, asked for this score or not."""
    secret: str = ""
    """That of a page of an anonymous survey, signed."""
    layout: Layout | None = None
    """Of the page that posted it; None: it did not say."""
    trapped: bool = False
    """The field that nobody sees was filled in."""
    touched: bool | None = None
    """Whether the page's script saw a hand; None: it did not run."""
    is_timed: bool = False
    """The page had the field that says so, which pages of an earlier version have not."""

    @property
    def is_of_script(self) -> bool:
        """Whether the page's script has posted it, which shows no page."""
        return self.action in {"choose", "keep", "close"}

    @property
    def is_final(self) -> bool:
        """Whether it is the last one of its page, where answers cannot be changed later."""
        return self.action in {"close", "send"}

    @property
    def follow_up(self) -> str:
        """The reply to the question of the chosen score's group; the other questions are not asked."""
        return self.texts.get(f"follow_up_{group_of(self.score)}", "") if self.score is not None else ""

    @property
    def asked(self) -> list[Question]:
        """The further questions that are asked for this score and these replies."""
        return shown_questions(self.questions, self.score, self.replies) if self.score is not None else []

    def faults(self) -> list[FormFault]:
        """Why it cannot be accepted."""
        found: list[FormFault] = []
        if self.score is None:
            found.append("score")
        if self.action != "choose":
            if len(self.texts.get("comment", "")) > MAX_TEXT_LENGTH:
                found.append("comment")
            if len(self.follow_up) > MAX_TEXT_LENGTH:
                found.append("follow_up")
            found += [
                field_of(question.id)
                for question in self.asked
                if question.kind == "text"
                and len("".join(self.replies.get(question.id, ()))) > MAX_TEXT_LENGTH
            ]
        return found

    def posted(self) -> PostedForm:
        """The content of a form without faults."""
        assert self.score is not None  # noqa: S101  (for the type checker: faults() is empty)
        fields = frozenset[str]() if self.action == "choose" else self.posted_fields
        asked = {question.id for question in self.asked}
        replies = {} if self.action == "choose" else self.replies
        return PostedForm(
            score=self.score,
            language=self.language,
            sent=self.action == "send",
            comment=self.texts["comment"] or None if "comment" in fields else UNSET,
            follow_ups={
                group: self.texts[f"follow_up_{group}"] for group in GROUPS if f"follow_up_{group}" in fields
            },
            may_contact=UNSET if self.action == "choose" else self.may_contact,
            shown=self.shown,
            revision=PageRevision(self.page, self.seq) if self.page else None,
            replies={id_: values if id_ in asked else () for id_, values in replies.items()},
            layout=self.layout,
        )


def read_form(
    form: Mapping[str, Any], languages: Collection[str], language: str, questions: Sequence[Question] = ()
) -> SurveyForm:
    """Read a posted form; an unknown field, or a value that the page cannot post, is ignored.

    :param language: of the form where it names none of ``languages``.
    :param questions: the survey's further ones. The form says which of them it has, since a choice of nothing
        posts nothing.
    """

    def text(name: str) -> str:
        value = form.get(name)
        return cleaned(value)

    new_language, old_language = text("speak"), text("language")
    action: FormAction = "send"
    if new_language in languages:
        action = "language"
    elif text("action") == "choose":
        action = "choose"
    elif text("action") == "keep":
        action = "keep"
    elif text("action") == "close":
        action = "close"
    return SurveyForm(
        language=next((tag for tag in (new_language, old_language) if tag in languages), language),
        score=parse_score(form.get("score")),
        may_contact=_CONSENT.get(text("may_contact")),
        texts={name: text(name) for name in TEXT_FIELDS},
        posted_fields=frozenset(name for name in TEXT_FIELDS if isinstance(form.get(name), str)),
        action=action,
        nonce=text("nonce"),
        questions=questions,
        replies={
            question.id: known_values(question, _given(form, field_of(question.id)))
            for question in questions
            if question.id in text("asked").split()
        },
        shown=ShownAnswer.decode(text("drawn")),  # the field's old name, which open pages still post
        secret=text("secret"),
        trapped=bool(text(HONEYPOT)),
        touched=TOUCHED.get(text("touched")),
        is_timed=isinstance(form.get("touched"), str),
        layout=next((layout for layout in LAYOUTS if layout == text("layout")), None),
        page=text("page") if _PAGE_ID.fullmatch(text("page")) else "",
        seq=min(int(text("seq")), MAX_SEQ) if re.fullmatch(r"[0-9]{1,7}", text("seq")) else 0,
    )


def _given(form: Mapping[str, Any], name: str) -> list[str]:
    """All values of a field, which several boxes may share."""
    values = form.getlist(name) if isinstance(form, FormData) else [form.get(name)]
    return [cleaned(value) for value in values]


def cleaned(value: object) -> str:
    """The text of a posted field, without what no page posts."""
    return value.replace("\0", "").replace("\r\n", "\n").strip() if isinstance(value, str) else ""
