"""A delivery whose service must not send it yet waits until that time, in any service that sends."""

from datetime import timedelta
from typing import Any

import pytest
from support.dispatcher_builders import rows
from support.smtp import ScriptedServer

from shared.outbound import Postponed

from .conftest import Mails


async def test_a_postponed_delivery_is_due_at_its_new_time_and_has_used_no_try(
    mails: Mails, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await mails.due("later")
    until = mails.clock.now + timedelta(hours=9)
    prepare = mails.queue.prepare

    async def postpone(*given: Any) -> Any:
        return Postponed(until, "at night") if mails.clock.now < until else await prepare(*given)

    monkeypatch.setattr(mails.queue, "prepare", postpone)
    sender = mails.sender(server)
    await mails.step(sender)
    (found,) = await rows(mails.database, "SELECT state, reason, due_at, attempts, lease_until FROM delivery")
    assert tuple(found) == ("waiting", "at night", until, 0, None)
    await mails.step(sender, hours=8, minutes=59)
    assert (await mails.stand())[address] == ("waiting", 0)
    await mails.step(sender, minutes=1)
    assert (await mails.stand())[address] == ("sent", 1)
