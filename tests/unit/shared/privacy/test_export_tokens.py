"""Tokens of exports: between services, and in the customer's link."""

from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

from hypothesis import given
from hypothesis import strategies as st
from support.http_clients import SECRET

from shared.privacy.export_links import LINK_LIFETIME, ExportLinks, ExportSubject
from shared.privacy.service_tokens import TOKEN_LIFETIME, ServiceTokens

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SUBJECT = ExportSubject("havnbo", "a" * 64, "b" * 64)


@given(st.integers(min_value=0, max_value=300), st.characters(max_codepoint=127))
def test_a_changed_token_is_none_of_ours(place: int, character: str) -> None:
    links, tokens = ExportLinks(SECRET), ServiceTokens(SECRET)
    link, _ = links.sign(SUBJECT)
    token = tokens.sign("export", "havnbo", {"person": "a" * 64, "contact": None})
    for written, read in ((link, links.read), (token, lambda each: tokens.verify("export", each))):
        at = place % len(written)
        changed = written[:at] + character + written[at + 1 :]
        assert (read(changed) is None) == (changed != written)


def test_a_token_has_one_spelling() -> None:
    alphabet = f"{ascii_letters}{digits}-_="
    links, tokens = ExportLinks(SECRET), ServiceTokens(SECRET)
    link, _ = links.sign(SUBJECT)
    for claims in ({}, {"a": 1}, {"a": 12}):  # each length modulo 3
        token = tokens.sign("export", "havnbo", claims)
        payload, _, tag = token.partition(".")
        for one in alphabet:
            assert (tokens.verify("export", f"{payload[:-1]}{one}.{tag}") is not None) == (one == payload[-1])
            assert (tokens.verify("export", f"{payload}.{tag[:-1]}{one}") is not None) == (one == tag[-1])
            assert (links.read(link[:-1] + one) is not None) == (one == link[-1])
            for longer in (f"{payload}{one}.{tag}", token + one, link + one):
                assert tokens.verify("export", longer) is None
                assert links.read(longer) is None


@given(st.text(max_size=2_000))
def test_no_text_is_a_token(text: str) -> None:
    assert ExportLinks(SECRET).read(text) is None
    assert ServiceTokens(SECRET).verify("export", text) is None


def test_a_token_is_read_until_it_ends() -> None:
    link, made = ExportLinks(SECRET, clock=lambda: NOW).sign(SUBJECT)
    token = ServiceTokens(SECRET, clock=lambda: NOW).sign("export", "havnbo")
    assert (made.subject, made.made_at, made.expires_at) == (SUBJECT, NOW, NOW + LINK_LIFETIME)
    second = timedelta(seconds=1)
    for age, good in ((LINK_LIFETIME - second, True), (LINK_LIFETIME, False)):
        found = ExportLinks(SECRET, clock=lambda age=age: NOW + age).read(link)  # type: ignore[misc]
        assert (found == made) is good
    for age, good in ((TOKEN_LIFETIME - second, True), (TOKEN_LIFETIME, False)):
        verified = ServiceTokens(SECRET, clock=lambda age=age: NOW + age).verify("export", token)  # type: ignore[misc]
        assert (verified is not None) is good


def test_a_token_is_good_for_one_purpose() -> None:
    tokens = ServiceTokens(SECRET)
    assert tokens.verify("export", tokens.sign("retention", "havnbo")) is None
    assert ExportLinks(SECRET).read(tokens.sign("export", "havnbo")) is None
    assert tokens.verify("export", ExportLinks(SECRET).sign(SUBJECT)[0]) is None
