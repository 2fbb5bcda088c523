"""The form as it comes in."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.collector.forms import PageNonce, read_form
from shared.ids import uuid7

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NONCE = PageNonce("a secret of at least thirty-two characters")


def test_a_nonce_is_of_one_invitation_one_secret_and_two_days() -> None:
    invitation = uuid7()
    nonce = NONCE.make(invitation, NOW)
    assert NONCE.is_valid(nonce, invitation, NOW + timedelta(hours=48))
    assert not NONCE.is_valid(nonce, invitation, NOW + timedelta(hours=49))
    assert not NONCE.is_valid(nonce, uuid7(), NOW)
    assert not PageNonce("another secret of thirty-two characters!").is_valid(nonce, invitation, NOW)


@given(st.text())
def test_no_text_is_a_nonce(text: str) -> None:
    assert not NONCE.is_valid(text, uuid7(), NOW)


@given(
    st.dictionaries(
        st.sampled_from(["score", "comment", "may_contact", "language", "speak", "action"]), st.text()
    )
)
def test_any_form_can_be_read(fields: dict[str, str]) -> None:
    form = read_form(fields, ["da", "en", "nl"], "en")
    assert form.language in {"da", "en", "nl"}
    assert form.score is None or 0 <= form.score <= 10
    assert "\0" not in form.texts["comment"]


def test_consent_is_yes_no_or_not_said() -> None:
    consents = [
        read_form({"may_contact": word}, ["en"], "en").may_contact for word in ("yes", "no", "", "maybe")
    ]
    assert consents == [True, False, None, None]


def test_only_the_follow_up_of_the_scores_group_is_read() -> None:
    fields = {"follow_up_detractor": "d", "follow_up_passive": "pa", "follow_up_promoter": "p"}
    read = [read_form({**fields, "score": score}, ["en"], "en").follow_up for score in ("6", "7", "9", "")]
    assert read == ["d", "pa", "p", ""]
