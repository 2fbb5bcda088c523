"""What bounces and complaints do: once each, in any order, to the address or the customer they are about."""

from itertools import permutations
from uuid import UUID

import pytest
from support.audit import an_actor
from support.bounces import BOUNCE_HOST
from support.dispatcher_builders import (
    TENANT,
    Clock,
    a_customer,
    a_transaction,
    decide,
    decided,
    go_live,
    invitations,
    invite_customer,
    keep_tenant,
    make_survey,
    relay_all,
    rows,
    the_state,
)
from support.dispatcher_reminders import ScriptedChannel, a_scripted_sender, some_reminders
from support.http_clients import SECRET

from services.dispatcher.bounces.bounce_commands import Taken, take_report
from services.dispatcher.bounces.failures import BounceKind, MailReport
from services.dispatcher.decisions.contacts import contact_key_of
from services.dispatcher.sending import sending_commands
from services.dispatcher.suppressions.suppression_commands import resubscribe
from shared.db.database import Database
from shared.mail.references import MailReference, MailReferences
from shared.outbound import Sender
from shared.secrets import customer_hash


@pytest.fixture
def channel() -> ScriptedChannel:
    return ScriptedChannel()


@pytest.fixture
async def sender(database: Database, clock: Clock, channel: ScriptedChannel) -> Sender:
    await keep_tenant(database)
    await make_survey(database, delay_minutes=0, quarantine_days=0, reminders=some_reminders(3))
    await go_live(database)
    return a_scripted_sender(database, clock, channel)


async def sent(database: Database, sender: Sender, name: str) -> UUID:
    """The invitation of a customer whose mail has left."""
    known = {row.id for row in await rows(database, "SELECT id FROM invitation")}
    assert await decided(database, a_customer(name)) == ["invited"]
    await relay_all(database)
    await send_all(database, sender)
    (row,) = [each for each in await rows(database, "SELECT id FROM invitation") if each.id not in known]
    found: UUID = row.id
    return found


async def send_all(database: Database, sender: Sender) -> None:
    await sender.step()
    while await sender.step() == 0:
        pass
    await relay_all(database)


async def report(
    database: Database, invitation: UUID, kind: BounceKind, n: int = 1, status: str | None = None
) -> Taken | None:
    found = MailReport(MailReference(invitation, n), kind, status)
    return await take_report(database, SECRET, found, "smtp")


async def suppressed(database: Database) -> dict[str, str]:
    """The reason of each entry, by its kind."""
    return {row.kind: row.reason for row in await rows(database, "SELECT kind, reason FROM suppression")}


async def test_a_hard_bounce_drops_the_address_and_ends_the_invitation_and_its_reminders(
    database: Database, sender: Sender, clock: Clock, channel: ScriptedChannel
) -> None:
    invitation = await sent(database, sender, "gone")
    assert await report(database, invitation, "hard", status="5.1.1") == "stored"
    assert await the_state(database) == ("bounced", "5.1.1")
    assert [one.state for one in await invitations(database)] == ["bounced"]
    assert await suppressed(database) == {"address": "bounced"}
    await relay_all(database)
    clock.on(days=4)
    await send_all(database, sender)
    assert len(channel.handed) == 1
    (reminder,) = await rows(database, "SELECT state, reason FROM delivery WHERE n = 2")
    assert tuple(reminder) == ("dropped", "bounced")
    again = a_customer("another id", email="gone@example.com")
    assert await decided(database, again) == ["undeliverable"]


@pytest.mark.parametrize("comes_back", [False, True], ids=["is refused", "comes back"])
async def test_a_mail_that_does_not_arrive_is_forgotten_also_under_an_id_that_stands_for_nobody_since(
    database: Database, sender: Sender, channel: ScriptedChannel, comes_back: bool
) -> None:
    assert await decided(database, a_customer("till")) == ["invited"]
    await relay_all(database)
    async with database.transaction() as uow:
        await sending_commands.set_placeholder_ids(uow, TENANT, an_actor("the test"), ["till"])
    channel.outcome = "sent" if comes_back else "failed"
    await send_all(database, sender)
    if comes_back:
        (row,) = await rows(database, "SELECT id FROM invitation")
        assert await report(database, row.id, "hard") == "stored"
    assert await rows(database, "SELECT contact FROM asked") == []
    assert {row.invited_at for row in await rows(database, "SELECT invited_at FROM customer")} == {None}


async def test_the_same_report_again_changes_nothing_even_when_the_entry_was_taken_away(
    database: Database, sender: Sender
) -> None:
    invitation = await sent(database, sender, "back")
    assert await report(database, invitation, "hard") == "stored"
    async with database.transaction() as uow:
        await uow.execute("DELETE FROM suppression")
    assert await report(database, invitation, "hard", status="5.1.1") == "repeated"
    assert await suppressed(database) == {}
    assert len(await invitations(database)) == 1


async def test_the_third_soft_bounce_in_thirty_days_drops_the_address(
    database: Database, sender: Sender, clock: Clock
) -> None:
    found = []
    for days in (0, 20, 11, 5):  # the first one is older than thirty days when the third comes
        clock.on(days=days)
        invitation = await sent(database, sender, "full")
        for _ in range(2):
            await report(database, invitation, "soft", status="5.2.2")
        found.append((await suppressed(database)).get("address"))
    assert found == [None, None, None, "bounced"]
    dropped = await rows(database, "SELECT dropped FROM bounce ORDER BY at")
    assert [row.dropped for row in dropped] == [False, False, False, True]


async def test_soft_bounces_count_for_the_address_over_all_surveys_and_ids_in_the_quarantine_of_every_day(
    database: Database, clock: Clock, channel: ScriptedChannel
) -> None:
    """Who buys every nine days is asked again after each bounce, since that ends the quarantine."""
    await keep_tenant(database)
    for trigger in ("order.delivered", "call.ended"):
        await make_survey(database, name=trigger, trigger=trigger, delay_minutes=0, quarantine_days=90)
    await go_live(database)
    sender = a_scripted_sender(database, clock, channel)
    found = []
    for number, trigger in enumerate(("order.delivered", "call.ended", "order.delivered")):
        customer = a_customer(f"id-{number}", email="full@example.com")
        event = a_transaction(
            f"e-{number}", customer, type=trigger, occurred_at=clock.now, accepted_at=clock.now
        )
        await decide(database, event)
        await relay_all(database)
        await send_all(database, sender)
        (row,) = await rows(database, "SELECT id FROM invitation WHERE state = 'sent'")
        clock.on(days=2)  # the mail server has tried for so long
        await report(database, row.id, "soft", status="4.2.2")
        found.append((await suppressed(database)).get("address"))
        clock.on(days=7)
    assert found == [None, None, "bounced"]


async def test_a_bounce_about_us_drops_nobody(database: Database, sender: Sender) -> None:
    invitation = await sent(database, sender, "policy")
    await report(database, invitation, "policy", status="5.7.1")
    assert await the_state(database) == ("bounced", "5.7.1")
    assert await suppressed(database) == {}
    assert await decided(database, a_customer("policy")) == ["invited"]


async def test_who_complains_is_never_asked_again_until_they_take_it_back(
    database: Database, sender: Sender, clock: Clock, channel: ScriptedChannel
) -> None:
    invitation = await sent(database, sender, "angry")
    assert await report(database, invitation, "complaint") == "stored"
    assert await the_state(database) == ("sent", None)  # they have it
    assert await suppressed(database) == {"address": "complained", "customer": "complained"}
    other = a_customer("angry", email="other@example.com")
    assert await decided(database, other) == ["complained"]
    clock.on(days=4)
    await send_all(database, sender)
    assert len(channel.handed) == 1
    (reminder,) = await rows(database, "SELECT reason FROM delivery WHERE n = 2")
    assert reminder.reason == "complained"
    async with database.transaction() as uow:
        await resubscribe(uow, contact_key_of(SECRET, TENANT, a_customer("angry"), frozenset()))
    assert await report(database, invitation, "complaint") == "repeated"
    assert await suppressed(database) == {}
    assert await decided(database, a_customer("angry")) == ["invited"]


async def test_a_reminder_that_comes_back_leaves_the_invitation_as_it_is(
    database: Database, sender: Sender, clock: Clock, channel: ScriptedChannel
) -> None:
    invitation = await sent(database, sender, "moved")
    clock.on(days=4)
    await send_all(database, sender)
    assert len(channel.handed) == 2
    assert await report(database, invitation, "hard", n=2) == "stored"
    assert (await the_state(database))[0] == "sent"
    assert await suppressed(database) == {"address": "bounced"}


async def test_reports_of_one_mail_have_one_result_in_every_order(database: Database, sender: Sender) -> None:
    kinds: tuple[BounceKind, ...] = ("soft", "hard", "complaint")
    ends = []
    for number, order in enumerate(permutations(kinds)):
        invitation = await sent(database, sender, f"order-{number}")
        for kind in (*order, *order):
            await report(database, invitation, kind)
        states = await rows(database, "SELECT state FROM invitation WHERE id = :id", id=invitation)
        keys = [f"order-{number}", customer_hash(SECRET, TENANT, f"order-{number}@example.com")]
        entries = await rows(
            database, "SELECT kind, reason FROM suppression WHERE key = ANY(:keys)", keys=keys
        )
        bounces = await rows(
            database, "SELECT kind FROM bounce WHERE invitation_id = :id ORDER BY kind", id=invitation
        )
        ends.append(([tuple(row) for row in (*states, *bounces)], {tuple(row) for row in entries}))
    assert all(end == ends[0] for end in ends)
    assert ends[0][1] == {("address", "complained"), ("customer", "complained")}


async def test_a_bounce_that_is_faster_than_the_sender_stays(
    database: Database, sender: Sender, channel: ScriptedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await invite_customer(database, "fast")
    (row,) = await rows(database, "SELECT id FROM invitation")
    send = channel.send

    async def send_and_bounce(*given: object) -> object:
        outcome = await send(*given)
        await report(database, row.id, "hard")
        return outcome

    monkeypatch.setattr(channel, "send", send_and_bounce)
    await sender.step()
    assert (await the_state(database))[0] == "bounced"
    assert await rows(database, "SELECT n FROM delivery WHERE n = 2") == []


async def test_a_report_about_an_invitation_that_is_gone_or_erased_suppresses_nobody(
    database: Database, sender: Sender
) -> None:
    assert await report(database, UUID(int=1), "hard") == "unknown"
    invitation = await sent(database, sender, "erased")
    async with database.transaction() as uow:
        await uow.execute(
            "UPDATE invitation SET person = '-', state = 'dropped' WHERE id = :id", {"id": invitation}
        )
    assert await report(database, invitation, "hard") == "stored"
    assert (await the_state(database))[0] == "dropped"


async def test_mails_have_a_sender_of_their_own_where_bounces_have_a_host(
    database: Database, sender: Sender, clock: Clock, channel: ScriptedChannel
) -> None:
    references = MailReferences(SECRET)
    invitation = await sent(database, sender, "verp")
    (message, _) = channel.handed[0]
    assert references.read_message_id(message.message_id) == MailReference(invitation, 1)
    assert message.envelope_sender == "ask@shop.example"
    assert message.reference is None
    settings = sender._queue._renderers["mail"]._afterword  # type: ignore[attr-defined]
    changed = settings.model_copy(update={"bounce_host": BOUNCE_HOST, "reference_field": "X-PM-Metadata-a"})
    renderer = type(sender._queue._renderers["mail"])(changed, clock)  # type: ignore[attr-defined]
    sender._queue._renderers["mail"] = renderer  # type: ignore[attr-defined]
    clock.on(days=4)
    await send_all(database, sender)
    (reminder, _) = channel.handed[1]
    assert references.read_bounce_address(reminder.envelope_sender or "", BOUNCE_HOST) == (invitation, 2)
    assert reminder.in_reply_to == message.message_id
    assert f"\r\nX-PM-Metadata-a: {references.reference(MailReference(invitation, 2))}\r\n".encode() in (
        reminder.as_bytes()
    )
