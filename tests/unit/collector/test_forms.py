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
    assert NONCE.holds(nonce, invitation, NOW + timedelta(hours=48))
    assert not NONCE.holds(nonce, invitation, NOW + timedelta(hours=49))
    assert not NONCE.holds(nonce, uuid7(), NOW)
    assert not PageNonce("another secret of thirty-two characters!").holds(nonce, invitation, NOW)


@given(st.text())
def test_no_text_is_a_nonce(text: str) -> None:
    assert not NONCE.holds(text, uuid7(), NOW)


@given(
    st.dictionaries(
        st.sampled_from(["score", "comment", "may_contact", "language", "speak", "action"]), st.text()
    )
)
def test_any_form_can_be_read(form: dict[str, str]) -> None:
    sheet = read_form(form, ["da", "en", "nl"], "en")
    assert sheet.language in {"da", "en", "nl"}
    assert sheet.score is None or 0 <= sheet.score <= 10
    assert "\0" not in sheet.texts["comment"]


def test_consent_is_yes_no_or_not_said() -> None:
    said = [read_form({"may_contact": word}, ["en"], "en").may_contact for word in ("yes", "no", "", "maybe")]
    assert said == [True, False, None, None]


def test_only_the_follow_up_of_the_outcome_is_read() -> None:
    form = {"follow_up_detractor": "d", "follow_up_passive": "pa", "follow_up_promoter": "p"}
    read = [read_form({**form, "score": score}, ["en"], "en").follow_up for score in ("6", "7", "9", "")]
    assert read == ["d", "pa", "p", ""]
