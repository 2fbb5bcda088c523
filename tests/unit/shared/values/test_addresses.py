"""One mailbox has one canonical address, however it is spelled; two mailboxes have two."""

import unicodedata
from collections.abc import Callable
from typing import Literal

import idna
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.mail.wire_addresses import on_the_wire
from shared.secrets import customer_hash, customer_hashes
from shared.values.addresses import canonical_address, earlier_forms

SECRET = "a secret of at least thirty-two characters"
ONE_MAILBOX = [
    ["kim@bücher.de", "kim@xn--bcher-kva.de", "KIM@BÜCHER.DE", "kim@XN--BCHER-KVA.de", "kim@bu\u0308cher.de"],
    [
        "kim@bücher.de",
        "kim@bücher.de.",
        " kim@bücher.de\t",
        "kim@ｂücher．de",
        "kim@bücher。de",
        "ｋｉｍ＠bücher.de",
    ],
    ["kim@example.com", "Kim@Example.COM", "kim@example.com.", '"kim"@example.com', '"k\\im"@example.com'],
    ["kim@straße.de", "kim@STRAẞE.de", "kim@xn--strae-oqa.de"],
    ["kim@例え.jp", "kim@xn--r8jz45g.jp", "kim@例え。jp"],
    ["kim@пример.рф", "kim@ПРИМЕР.РФ", "kim@xn--e1afmkfd.xn--p1ai"],
    ["kim@ελλάδα.gr", "kim@ΕΛΛΆΔΑ.gr"],
    ["zoë@example.com", "zoe\u0308@example.com", "ZOË@example.com"],
    ["kim@a_b.bücher.de", "kim@a_b.xn--bcher-kva.de", "KIM@A_B.BÜCHER.DE"],
    ["kim@r3---x.bücher.de", "kim@r3---x.xn--bcher-kva.de"],
    ["kim@-x.bücher.de", "kim@-x.xn--bcher-kva.de"],
    ["kim@example.com", "kim\u200b@example.com", "k\u00adim@example.com", "\ufeffkim@example.com"],
    ["zoë@example.com", "zo\u2060e\u0308\u200e@example.com"],
    ['"kim q"@example.com', '"kim\\ q"@example.com', '"KIM Q"@EXAMPLE.com'],
]
TWO_MAILBOXES = [
    ("kim@straße.de", "kim@strasse.de"),
    ("kim@bücher.de", "kim@bucher.de"),
    ("kim@bücher.de", "kim@buecher.de"),
    ("kim@example.com", "kim@example.com.au"),
    ("kim@example.com", "kim@mail.example.com"),
    ("kim@example.com", "kim+shop@example.com"),
    ("kim.q@example.com", "kimq@example.com"),
    ('"kim q"@example.com', "kimq@example.com"),
]
labels = st.text(
    st.characters(categories=("Ll", "Lu", "Lo", "Nd", "Mn"), max_codepoint=0x2FFF), min_size=1, max_size=12
)
domains = st.lists(labels, min_size=2, max_size=3).map(".".join)
texts = st.one_of(
    st.text(max_size=30),
    st.text('aAßẞſıİΣς\u0345\u0301é.@＠"\\ \u00a0。．-+ﬁ', max_size=14),
)


def mailed(domain: str) -> str:
    """The domain in the envelope; other examples are skipped."""
    try:
        return idna.encode(domain, uts46=True).decode().lower().rstrip(".")
    except idna.IDNAError:
        assume(False)
        raise


@pytest.mark.parametrize("spellings", ONE_MAILBOX)
def test_all_spellings_of_one_mailbox_have_one_form(spellings: list[str]) -> None:
    assert len({canonical_address(spelling) for spelling in spellings}) == 1
    assert len({customer_hash(SECRET, "acme", spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), TWO_MAILBOXES)
def test_two_mailboxes_have_two_forms(one: str, other: str) -> None:
    assert canonical_address(one) != canonical_address(other)
    assert customer_hash(SECRET, "acme", one) != customer_hash(SECRET, "acme", other)


@given(texts)
@example("@:ß。")
@example("kim@a:ß.。")
def test_the_canonical_form_is_idempotent(text: str) -> None:
    assert canonical_address(canonical_address(text)) == canonical_address(text)


@given(st.text(st.characters(max_codepoint=0x7F), max_size=12))
def test_ascii_has_the_same_form_alone_and_with_other_alphabets(text: str) -> None:
    assert canonical_address(f"é{text}@example.com") == f"é{canonical_address(f'e{text}@example.com')[1:]}"


@given(domains)
def test_the_canonical_domain_is_the_one_that_is_mailed(domain: str) -> None:
    assert canonical_address(f"kim@{domain}") == f"kim@{mailed(domain)}"
    assert canonical_address(on_the_wire(f"kim@{domain}")) == canonical_address(f"kim@{domain}")


@example("0.\u03f2", str.upper)
@example("0.\U0001d6d3", str.upper)
@given(domains, st.sampled_from([str.upper, str.lower, "{}.".format, "{}. ".format, "NFC", "NFD", "NFKC"]))
def test_every_spelling_that_is_mailed_to_the_same_domain_is_the_same_address(
    domain: str, spell: Callable[[str], str] | Literal["NFC", "NFD", "NFKC"]
) -> None:
    other = unicodedata.normalize(spell, domain) if isinstance(spell, str) else spell(domain)
    try:
        same = idna.encode(other.rstrip(), uts46=True).decode().rstrip(".") == mailed(domain)
    except idna.IDNAError:
        same = False
    if same:
        assert canonical_address(f"kim@{other}") == canonical_address(f"kim@{domain}")


@given(domains, domains)
def test_two_domains_that_get_mail_separately_stay_two(one: str, other: str) -> None:
    assert (canonical_address(f"kim@{one}") == canonical_address(f"kim@{other}")) == (
        mailed(one) == mailed(other)
    )


@given(st.emails())
def test_what_earlier_versions_stored_of_plain_addresses_is_still_found(address: str) -> None:
    earlier = unicodedata.normalize("NFKC", address).strip().casefold()
    assert earlier in {canonical_address(address), *earlier_forms(address)}


@pytest.mark.parametrize("spellings", ONE_MAILBOX[:6])
def test_an_earlier_hash_of_one_spelling_is_found_under_each_other_spelling(spellings: list[str]) -> None:
    composed = [each for each in spellings if unicodedata.is_normalized("NFKC", each) and '"' not in each]
    wide = {earlier for each in composed for earlier in {canonical_address(each), *earlier_forms(each)}}
    for stored in composed:
        before = unicodedata.normalize("NFKC", stored).strip().casefold()
        if before.endswith("."):  # no such address was ever mailed
            continue
        for looked_up in composed:
            assert before in {canonical_address(looked_up), *earlier_forms(looked_up)} <= wide


def test_the_hashes_of_an_address_begin_with_the_current_one() -> None:
    first, *earlier = customer_hashes(SECRET, "acme", "kim@bücher.de")
    assert first == customer_hash(SECRET, "acme", "kim@xn--bcher-kva.de")
    assert earlier
    assert customer_hashes(SECRET, "acme", "kim@example.com") == (
        customer_hash(SECRET, "acme", "kim@example.com"),
    )
