"""The parts of the harness that verdicts depend on."""

from chaos.operator import Series, Sign
from chaos.proxy import ClientConnection


def message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def prepare(name: bytes, sql: bytes) -> bytes:
    return message(b"P", name + b"\0" + sql + b"\0\0\0")


def use(name: bytes) -> bytes:
    return message(b"B", b"\0" + name + b"\0\0\0")


COMMIT = message(b"Q", b"COMMIT;\0")


def test_a_counter_that_began_again_is_counted_on() -> None:
    series = Series(last=10, low=10, high=10, rise=0)
    for value in (12, 12, 3, 4):
        series.next(value)
    assert series.rise == 2 + 3 + 1


def test_a_gauge_that_moved_and_came_back_has_moved() -> None:
    series = Series(last=6, low=6, high=6, rise=0)
    for value in (3, 6):
        series.next(value)
    assert series.high - series.low == 3


def test_a_sign_reads_as_prometheus_writes_it() -> None:
    assert str(Sign("afterword_x_total", labels={"status": "503"})) == 'afterword_x_total{status="503"}'


def test_a_client_is_known_by_the_first_known_statement_in_its_transaction() -> None:
    client = ClientConnection()
    client.commits(prepare(b"a", b"UPDATE position AS p SET next_offset = $1"))
    client.commits(prepare(b"b", b"\n    UPDATE invitation\n    SET state = $1"))
    assert client.commits(use(b"a") + use(b"b")) == ""
    assert client.commits(COMMIT) == "consumer"
    client.commits(use(b"b"))
    assert client.commits(COMMIT) == "sender"


def test_a_relay_commits_with_its_statement_and_an_api_is_known_by_its_name() -> None:
    relay, api = ClientConnection(), ClientConnection()
    relay.commits(prepare(b"a", b"DELETE FROM outbox WHERE seq"))
    assert relay.commits(use(b"a")) == "relay"
    api.commits(b"application_name\0collector-api\0")
    assert api.commits(COMMIT) == "api"


def test_a_rollback_is_no_commit() -> None:
    client = ClientConnection()
    client.commits(prepare(b"a", b"UPDATE position AS p SET next_offset = $1"))
    client.commits(use(b"a"))
    client.commits(message(b"Q", b"ROLLBACK;\0"))
    assert client.commits(COMMIT) == ""
