"""Sources on a cluster of a company's own, which speaks TLS, asks for a certificate, and lets users sign in."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.lent_databases import LentDatabases
from support.secure_broker import (
    PASSWORD,
    USER,
    SecureBroker,
    a_certificate,
    a_secure_broker,
    an_authority,
    pem,
)
from support.sources import SourceBench, a_source_bench, an_order, make_topic


@pytest.fixture(scope="module")
async def secure() -> AsyncIterator[SecureBroker]:
    async with a_secure_broker() as broker:
        await make_topic(broker.plain, "orders")
        yield broker


@pytest.fixture
async def bench(kafka: str, databases_to_lend: LentDatabases) -> AsyncIterator[SourceBench]:
    async with a_source_bench(kafka, databases_to_lend, networks="127.0.0.0/8,::1/128") as bench:
        yield bench


def a_connection(secure: SecureBroker, **changes: Any) -> dict[str, Any]:
    return {
        "bootstrap": [secure.secure],
        "tls": True,
        "ca": secure.authority,
        "client_certificate": secure.client.certificate,
        "client_key": secure.client.key,
        "sasl": "scram-sha-512",
        "username": USER,
        "password": PASSWORD,
        **changes,
    }


async def test_records_of_a_cluster_with_tls_and_users_are_taken_in_and_no_secret_is_told(
    bench: SourceBench, secure: SecureBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    await SourceBench(bench.context, bench.client, secure.plain).write("orders", an_order("one"))
    sources = [
        await bench.declare("orders", name=sasl, connection=a_connection(secure, sasl=sasl))
        for sasl in ("plain", "scram-sha-256", "scram-sha-512")
    ]
    async with bench.workers():
        for source in sources:
            await bench.until(source, taken=1, lag=0)
    told = (await bench.client.get("/v1/sources")).text + capsys.readouterr().out
    async with bench.context.database.reading() as uow:
        rows = await uow.execute("SELECT s.*, CAST(s.* AS text) AS row FROM source s")
        told += "".join(row.row for row in rows)
    for secret in (PASSWORD, secure.client.key.splitlines()[1]):
        assert secret not in told
        assert secret.encode().hex() not in told
    assert sources[0]["connection"]["has_password"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"password": "wrong"}, "sign_in"),
        ({"ca": pem(an_authority()[0])}, "tls"),
        ({"client_certificate": "", "client_key": ""}, "unreachable"),
    ],
)
async def test_what_keeps_the_cluster_from_letting_us_in_is_said_in_plain_words(
    bench: SourceBench, secure: SecureBroker, changes: dict[str, str], problem: str
) -> None:
    source = await bench.declare("orders", connection=a_connection(secure, **changes))
    async with bench.workers():
        found = await bench.until_problem(source, problem)
    assert found["problem"]["detail"]


async def test_a_secret_is_given_again_for_another_server_so_that_nobody_can_have_it_sent_elsewhere(
    bench: SourceBench, secure: SecureBroker
) -> None:
    source = await bench.declare("orders", connection=a_connection(secure), state="paused")
    at = f"/v1/sources/{source['id']}"
    kept = a_connection(secure, client_key=None, password=None)
    assert (await bench.client.patch(at, json={"connection": kept})).json()["revision"] == 1
    elsewhere = {**kept, "bootstrap": ["evil.example:9092"]}
    refused = await bench.client.patch(at, json={"connection": elsewhere})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "/connection/password"


async def test_a_certificate_and_a_key_that_do_not_fit_together_are_refused_at_once(
    bench: SourceBench, secure: SecureBroker
) -> None:
    other = a_certificate(an_authority(), "other")
    for changes, field in (
        ({"client_key": other.key}, "/connection/client_certificate"),
        ({"ca": "nonsense"}, "/connection/ca"),
        ({"sasl": "plain", "tls": False, "ca": "", "client_certificate": ""}, "/connection/sasl"),
        ({"password": ""}, "/connection/password"),
    ):
        body = {"name": "x", "topic": "orders", "connection": a_connection(secure, **changes)}
        answer = await bench.client.post("/v1/sources", json=body)
        assert answer.status_code == 422
        assert [each["field"] for each in answer.json()["errors"]] == [field]
