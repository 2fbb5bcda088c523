"""What the collector consumes, in any order and any number of times; and that the log tells nothing of it."""

from structlog.testing import capture_logs

from services.collector.app import SERVICE
from services.collector.handlers import keep_invitations
from shared.events import CASES, CUSTOMERS, INVITATIONS, RETENTION, SURVEYS, TENANTS

from .conftest import SURVEY, Bench, an_invitation


async def test_the_highest_version_stands_however_they_come(bench: Bench) -> None:
    early, middle, late = (
        an_invitation(bench.now, id=SURVEY, version=version, state=state)
        for version, state in ((1, "waiting"), (2, "sending"), (3, "sent"))
    )
    for batch in ([early, middle, late], [middle], [early], [late]):
        async with bench.context.database.transaction() as uow:
            await keep_invitations(uow, [INVITATIONS.event("acme", one, bench.now) for one in batch])
    (row,) = await bench.rows("SELECT version, body FROM invitation")
    assert row.version == 3
    assert b'"sent"' in row.body


async def test_a_replica_holds_no_name_and_no_address(bench: Bench) -> None:
    await bench.invite()
    (row,) = await bench.rows("SELECT body FROM invitation")
    for canary in (b"Karen", b"karen@example.com", b"+45"):
        assert canary not in row.body


async def test_the_log_knows_no_token_no_comment_and_no_customer(bench: Bench) -> None:
    invitation = await bench.invite()
    token = bench.token(invitation)
    with capture_logs() as lines:
        await bench.client.get(f"/s/{token}?v=3")
        await bench.submit(invitation, 3, comment="CRUNCHY-ARMCHAIR")
        await bench.submit(invitation, 3, comment="CRUNCHY-ARMCHAIR", nonce="")
        await bench.import_answers(
            {"id": "x", "score": 99, "comment": "BRASS-LANTERN", "customer": "kw-4799", "answered_at": "soon"}
        )
    log = str(lines)
    assert "/s/…" in log
    for canary in (token, "CRUNCHY", "BRASS", "kw-4711", "kw-4799", "karen"):
        assert canary not in log


def test_it_consumes_what_its_readme_says() -> None:
    assert list(SERVICE.consumes) == [CUSTOMERS, TENANTS, SURVEYS, INVITATIONS, CASES, RETENTION]
