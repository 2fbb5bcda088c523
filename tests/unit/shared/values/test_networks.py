"""Networks in their one form, and whether an address lies in one: by the bits of both."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.networks import Address, is_within, read_address, read_network

four = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
six = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        (" 192.0.2.0/24 ", "192.0.2.0/24"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:DB8:1::/48", "2001:db8:1::/48"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("::ffff:192.0.2.7/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
    ],
)
def test_a_network_has_one_form(text: str, network: str) -> None:
    assert str(read_network(text)) == network


@pytest.mark.parametrize(
    "text", ["", "acme", "192.0.2.0/33", "192.0.2", "fe80::1%eth0/64", "::/129", "1/2/3"]
)
def test_what_is_no_network_is_none(text: str) -> None:
    assert read_network(text) is None


@given(st.one_of(st.tuples(four, four, st.integers(0, 32)), st.tuples(six, six, st.integers(0, 128))))
def test_an_address_lies_in_a_network_whose_first_bits_it_has(drawn: tuple[Address, Address, int]) -> None:
    address, base, bits = drawn
    rest = address.max_prefixlen - bits
    near = type(address)((int(base) >> rest << rest) | (int(address) & ((1 << rest) - 1)))
    networks = ["no network", f"{base}/{bits}"]
    assert is_within(near, networks)
    assert is_within(address, networks) == (int(address) >> rest == int(base) >> rest)
    assert not is_within(address, [])


@given(four)
def test_an_ipv4_address_that_ipv6_writes_lies_where_it_does(address: ipaddress.IPv4Address) -> None:
    assert read_address(f"::ffff:{address}") == address
    assert is_within(address, [f"::ffff:{address}"])
    assert not is_within(address, ["2001:db8::/32"])
    assert read_address("testclient") is None
