"""What the collector hears, in any order and any number of times; and that nothing of it is told to the log."""

from structlog.testing import capture_logs

from services.collector.app import SERVICE
from services.collector.handlers import keep_invitations
from shared.events import CASES, INVITATIONS, SURVEYS, TENANTS

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


async def test_a_copy_holds_nobodys_name_or_address(bench: Bench) -> None:
    await bench.invite()
    (row,) = await bench.rows("SELECT body FROM invitation")
    for canary in (b"Karen", b"karen@example.com", b"+45"):
        assert canary not in row.body


async def test_the_log_knows_no_token_no_comment_and_no_customer(bench: Bench) -> None:
    invitation = await bench.invite()
    token = bench.token(invitation)
    with capture_logs() as lines:
        await bench.client.get(f"/s/{token}?v=3")
        await bench.say(invitation, 3, comment="CRUNCHY-ARMCHAIR")
        await bench.say(invitation, 3, comment="CRUNCHY-ARMCHAIR", nonce="")
        await bench.import_answers(
            {"id": "x", "score": 99, "comment": "BRASS-LANTERN", "customer": "c-99", "answered_at": "soon"}
        )
    told = str(lines)
    assert "/s/…" in told
    for canary in (token, "CRUNCHY", "BRASS", "c-17", "c-99", "karen"):
        assert canary not in told


def test_it_hears_what_its_readme_says() -> None:
    heard = list(SERVICE.consumes)
    assert heard == [TENANTS, SURVEYS, INVITATIONS, CASES]
