import hmac
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.link_tokens import TOKEN_LENGTH, LinkSigner
from shared.secrets import customer_hash, derive, keyed_digest

SECRET = "a secret of at least thirty-two characters"
INVITATION = UUID("0190a5c0-8a3b-7c1d-9e2f-4b5a6c7d8e9f")


def test_each_purpose_has_a_key_of_its_own() -> None:
    assert len({derive(SECRET, "a"), derive(SECRET, "b"), derive("another", "a")}) == 3
    assert len(derive(SECRET, "a")) == 32


def test_a_customer_hash_knows_one_address_in_all_its_spellings() -> None:
    assert customer_hash(SECRET, "acme", " A.Hansen@Example.com ") == customer_hash(
        SECRET, "acme", "a.hansen@example.com"
    )


def test_two_tenants_never_share_a_customer_hash() -> None:
    assert customer_hash(SECRET, "acme", "a@example.com") != customer_hash(SECRET, "globex", "a@example.com")


@given(st.uuids())
def test_a_token_reads_back_as_its_invitation_and_has_43_url_safe_characters(invitation: UUID) -> None:
    token = LinkSigner(SECRET).sign("answer", invitation)
    assert len(token) == TOKEN_LENGTH
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert LinkSigner(SECRET).read("answer", token) == invitation


def test_a_token_for_one_purpose_is_nothing_to_another() -> None:
    signer = LinkSigner(SECRET)
    assert signer.read("unsubscribe", signer.sign("answer", INVITATION)) is None


def test_a_token_of_another_secret_is_refused() -> None:
    assert LinkSigner("another secret").read("answer", LinkSigner(SECRET).sign("answer", INVITATION)) is None


def test_no_token_with_one_changed_letter_is_accepted_not_even_in_the_spare_bits() -> None:
    signer = LinkSigner(SECRET)
    token = signer.sign("answer", INVITATION)
    alphabet = string.ascii_letters + string.digits + "-_"
    for place in range(TOKEN_LENGTH):
        for letter in alphabet if place == TOKEN_LENGTH - 1 else "Aa0":
            if letter != token[place]:
                assert signer.read("answer", token[:place] + letter + token[place + 1 :]) is None


@pytest.mark.parametrize(
    "token", ["", "x", "x" * 42, "x" * 44, "é" * 43, "=" * 43, "+/" * 21 + "A", "\0" * 43, "A" * 42 + "="]
)
def test_a_text_that_is_no_token_is_refused_without_an_error(token: str) -> None:
    assert LinkSigner(SECRET).read("answer", token) is None


@given(key=st.binary(max_size=64), text=st.binary(max_size=300))
def test_a_keyed_digest_is_the_hmac_of_the_text(key: bytes, text: bytes) -> None:
    assert keyed_digest(key, text) == hmac.digest(key, text, "sha256")
    assert keyed_digest(key, text) == hmac.digest(key, text, "sha256")


def test_a_key_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="derive"):
        keyed_digest(b"k" * 65, b"")
