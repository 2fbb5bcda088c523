"""Which paths are served under the customers' address and under the staff's."""

import pytest

from shared.http.hosts import Hosts

SEPARATE = Hosts("https://ask.example", "https://afterword.example")
LOCAL = Hosts("http://127.0.0.1:8081", "http://127.0.0.1:8082")


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/login", "/v1/events", "/openapi/scorer.json", "//inbox", "/sx"]
)
def test_staff_pages_are_on_the_staffs_address_only(path: str) -> None:
    assert SEPARATE.serves(["afterword.example"], path)
    for host in ("ask.example", "10.0.0.7:8000", "evil.example", ""):
        assert not SEPARATE.serves([host], path)


@pytest.mark.parametrize(
    "path", ["/s/token", "/u/token", "/q/code", "/in-page.js", "/static/shared/0/afterword.css"]
)
def test_customers_links_are_served_under_every_host(path: str) -> None:
    for host in ("ask.example", "afterword.example", "10.0.0.7:8000"):
        assert SEPARATE.serves([host], path)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_health_paths_are_served_to_our_own_machines_and_not_to_customers(path: str) -> None:
    assert SEPARATE.serves(["127.0.0.1:8000"], path)
    assert SEPARATE.serves(["scorer-api:8000"], path)
    assert not SEPARATE.serves(["ask.example"], path)


@pytest.mark.parametrize("path", ["/readyz", "/metrics", "//metrics", "/metrics/"])
def test_readiness_and_metrics_are_under_no_public_host(path: str) -> None:
    one = Hosts("https://afterword.example", "https://afterword.example")
    for hosts in (SEPARATE, one):
        assert not hosts.serves(["afterword.example"], path)
        assert not hosts.serves(["AFTERWORD.example:443"], path)
        assert hosts.serves(["scorer-api:8000"], path)
    for here in ("http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"):
        assert Hosts(here, here).serves([here.partition("//")[2]], path)


@pytest.mark.parametrize("host", ["AFTERWORD.example", "afterword.example:443"])
def test_every_spelling_of_a_host_is_accepted(host: str) -> None:
    assert SEPARATE.serves([host], "/inbox")


@pytest.mark.parametrize(
    "hosts", [["afterword.example:8443"], [], ["afterword.example", "afterword.example"], ["ask.example:443"]]
)
def test_another_port_no_host_and_two_hosts_are_not_the_staffs_host(hosts: list[str]) -> None:
    assert not SEPARATE.serves(hosts, "/inbox")


def test_two_ports_of_one_machine_are_two_addresses() -> None:
    assert LOCAL.serves(["127.0.0.1:8082"], "/inbox")
    assert not LOCAL.serves(["127.0.0.1:8081"], "/inbox")
    assert Hosts("http://[::1]:8081", "http://[::1]:8082").serves(["[::1]:8082"], "/inbox")


def test_with_one_address_for_both_every_path_is_served() -> None:
    one = Hosts("http://127.0.0.1:8080", "http://127.0.0.1:8080")
    assert one.serves(["anything"], "/inbox")


def test_port_0_is_not_the_usual_one() -> None:
    odd = Hosts("https://ask.example", "https://afterword.example:0")
    assert not odd.serves(["afterword.example"], "/inbox")
    assert odd.serves(["afterword.example:0"], "/inbox")
