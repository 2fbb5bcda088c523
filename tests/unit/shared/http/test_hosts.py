"""The customers' address and the staff's: what is where."""

import pytest

from shared.http.hosts import Hosts

APART = Hosts("https://ask.example", "https://afterword.example")
LOCAL = Hosts("http://127.0.0.1:8081", "http://127.0.0.1:8082")


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/login", "/v1/events", "/openapi/scorer.json", "//inbox", "/sx"]
)
def test_what_belongs_to_staff_is_on_their_address_only(path: str) -> None:
    assert APART.serves(["afterword.example"], path)
    for host in ("ask.example", "10.0.0.7:8000", "evil.example", ""):
        assert not APART.serves([host], path)


@pytest.mark.parametrize("path", ["/s/token", "/u/token", "/q/code", "/static/shared/0/afterword.css"])
def test_what_customers_are_sent_is_everywhere(path: str) -> None:
    for host in ("ask.example", "afterword.example", "10.0.0.7:8000"):
        assert APART.serves([host], path)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_ask_beside_us_and_not_where_the_world_does(path: str) -> None:
    assert APART.serves(["127.0.0.1:8000"], path)
    assert APART.serves(["scorer-api:8000"], path)
    assert not APART.serves(["ask.example"], path)


@pytest.mark.parametrize("path", ["/readyz", "/metrics", "//metrics", "/metrics/"])
def test_what_a_process_knows_of_itself_is_under_no_address_of_the_world(path: str) -> None:
    one = Hosts("https://afterword.example", "https://afterword.example")
    for hosts in (APART, one):
        assert not hosts.serves(["afterword.example"], path)
        assert not hosts.serves(["AFTERWORD.example:443"], path)
        assert hosts.serves(["scorer-api:8000"], path)
    for here in ("http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"):
        assert Hosts(here, here).serves([here.partition("//")[2]], path)


@pytest.mark.parametrize("host", ["AFTERWORD.example", "afterword.example:443"])
def test_a_host_is_one_in_every_spelling(host: str) -> None:
    assert APART.serves([host], "/inbox")


@pytest.mark.parametrize(
    "hosts", [["afterword.example:8443"], [], ["afterword.example", "afterword.example"], ["ask.example:443"]]
)
def test_another_port_no_host_and_two_hosts_are_not_the_staffs(hosts: list[str]) -> None:
    assert not APART.serves(hosts, "/inbox")


def test_two_ports_of_one_machine_are_two_addresses() -> None:
    assert LOCAL.serves(["127.0.0.1:8082"], "/inbox")
    assert not LOCAL.serves(["127.0.0.1:8081"], "/inbox")
    assert Hosts("http://[::1]:8081", "http://[::1]:8082").serves(["[::1]:8082"], "/inbox")


def test_one_address_for_both_keeps_everything_together() -> None:
    one = Hosts("http://127.0.0.1:8080", "http://127.0.0.1:8080")
    assert one.serves(["anything"], "/inbox")
