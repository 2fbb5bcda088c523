"""A link made of a value of a customer or a company does what it appears to do, and nothing else."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.outward_links import breakable, mailto, tel, web

HOSTILE = [
    "kim?cc=boss&x@example.com",
    "a?bcc=evil%40evil.example&body=x@example.com",
    "a&b@example.com",
    "a%0d%0aBcc:evil@example.com",
    "a#b@example.com",
    "a,b@example.com",
    '"a b"@example.com',
    "a;b@example.com",
    "søren@bücher.example",
    "kim@example.com?subject=x",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_a_mail_link_writes_to_the_whole_address_and_has_no_headers(address: str) -> None:
    link = urlsplit(mailto(address))
    assert (link.scheme, link.query, link.fragment) == ("mailto", "", "")
    assert unquote(link.path) == address
    assert "," not in link.path


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_address_makes_a_mail_link_with_headers(local: str, domain: str) -> None:
    link = mailto(f"{local}@{domain}")
    assert link == "" or (unquote(link.removeprefix("mailto:")) == f"{local}@{domain}" and "?" not in link)
    assert not any(one in link for one in "\r\n <>&#")


@pytest.mark.parametrize(
    "address", ["", "x", "@example.com", "x@", "x@y\r\nBcc: z@example.com", "x" * 400 + "@y.example"]
)
def test_what_is_no_address_is_no_link(address: str) -> None:
    assert mailto(address) == ""


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+44(0) 20 7946 0958", "+442079460958"),
        ("+49 ( 0 ) 30 123456", "+4930123456"),
        ("0044 (0)20 7946 0958", "00442079460958"),
        ("(0)20 7946 0958", "02079460958"),
        ("(020) 7946 0958", "02079460958"),
        ("+45 12 34 56 78", "+4512345678"),
        ("+1 (555) 010-9999 x123", "+15550109999"),
        ("+45 12345678 ext. 5", "+4512345678"),
        ("+45 12345678;ext=5", "+4512345678"),
        ("+45 12345678 extension 17", "+4512345678"),
        ("+45 12345678,,5", "+4512345678"),
        ("+45 12345678#9", "+4512345678"),
        ("(+45) 12345678", "+4512345678"),
        (
            "+45\N{NO-BREAK SPACE}12\N{NO-BREAK SPACE}34\N{NO-BREAK SPACE}56\N{NO-BREAK SPACE}78",
            "+4512345678",
        ),
        ("+٤٥ ١٢٣٤", "+451234"),
        ("112", "112"),
    ],
)
def test_a_call_dials_the_number_and_nothing_that_is_dialled_later_or_at_home(
    number: str, dialled: str
) -> None:
    assert tel(number) == f"tel:{dialled}"


@pytest.mark.parametrize("number", ["", "none", "12", "call me", "+", "1" * 30, "javascript:alert(1)"])
def test_what_cannot_be_dialled_is_no_link(number: str) -> None:
    assert tel(number) == ""


@pytest.mark.parametrize(
    "value", ["http://shop.example/1", "https://shop.example/a?b=c#d", "HTTPS://shop.example"]
)
def test_the_address_of_a_page_is_a_link(value: str) -> None:
    assert web(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " https://a.example", "data:text/html,x", "file:///etc/passwd",
        "//a.example", "/inbox", "https://", "https://user:pass@a.example", "https://a.example@evil.example",
        "https://a.example/\n", "https://[", "vbscript:x", "ftp://a.example", "", None, 5, ["https://a.example"],
        "https://a.example/" + "x" * 3000,
    ],
)  # fmt: skip
def test_nothing_else_is_a_link(value: object) -> None:
    assert web(value) == ""


@given(st.text(max_size=80))
def test_an_address_with_line_breaks_has_the_same_text(value: str) -> None:
    assert breakable(value).replace("<wbr>", "").unescape() == value
    assert "<" not in breakable(value).replace("<wbr>", "")


def test_an_address_breaks_before_its_at_and_after_its_dots() -> None:
    assert breakable("a.b@example.com") == "a.<wbr>b<wbr>@example.<wbr>com"
