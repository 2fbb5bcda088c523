"""Tokens between our services: what they claim, and what is no token."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.privacy.service_tokens import TOKEN_LIFETIME, ServiceTokens, claims_of_body

SECRET = "a secret of the tests, long enough for all"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def tokens(secret: str = SECRET, at: datetime = NOON) -> ServiceTokens:
    return ServiceTokens(secret, clock=lambda: at)


def test_a_token_says_for_whom_and_what() -> None:
    token = tokens().sign("retention", "acme", {"rows": 3})
    read = tokens().verify("retention", token)
    assert read is not None
    assert (read.tenant, read.claims) == ("acme", {"rows": 3})


def test_a_token_is_for_one_purpose_and_one_minute() -> None:
    token = tokens().sign("retention", "acme")
    assert tokens().verify("export", token) is None
    assert tokens("another secret, as long as it must be").verify("retention", token) is None
    assert tokens(at=NOON + TOKEN_LIFETIME - timedelta(seconds=1)).verify("retention", token) is not None
    assert tokens(at=NOON + TOKEN_LIFETIME).verify("retention", token) is None
    assert timedelta(minutes=1) == TOKEN_LIFETIME


@pytest.mark.parametrize("spoilt", ["", ".", "a", "a.b", "ä.ö", "x" * 5_000, "===.==="])
def test_what_we_did_not_sign_is_no_token(spoilt: str) -> None:
    assert tokens().verify("retention", spoilt) is None


def test_a_changed_token_is_no_token() -> None:
    token = tokens().sign("retention", "acme")
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        if place != len(token) - 1:  # the last letter has bits that mean nothing
            assert tokens().verify("retention", changed) is None, place


def test_a_token_of_a_body_covers_no_other_one_and_a_token_without_covers_none() -> None:
    signed = tokens().verify("preview", tokens().sign("preview", "acme", claims_of_body(b"{}")))
    assert signed is not None
    assert (signed.covers(b"{}"), signed.covers(b"{} "), signed.covers(b"")) == (True, False, False)
    for claims in ({}, {"body_sha256": None}, {"body_sha256": "é"}):
        without = tokens().verify("preview", tokens().sign("preview", "acme", claims))
        assert without is not None
        assert not without.covers(b"{}")
