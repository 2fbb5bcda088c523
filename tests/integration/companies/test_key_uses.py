"""When and where a key was last used."""

from datetime import timedelta
from typing import Any

import pytest
from support.companies import Company, World

from shared.api_keys import ApiKey
from shared.privacy.service_client import ServiceUnavailable


async def test_the_last_use_of_a_key_is_known_from_whichever_service_it_was(
    world: World, neighbour: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger, alerts = world.contexts["trigger"], world.contexts["alerts"]
    clock = trigger.database.clock
    for context in world.contexts.values():
        await context.keys._uses.write()
    first = (await world.clients["trigger"].get("/v1/keys", headers=neighbour.headers)).json()
    assert first["unanswered"] == []
    for later, name, path in ((1, "trigger", "/v1/company"), (2, "alerts", "/v1/cases")):
        with monkeypatch.context() as then:
            then.setattr(
                world.contexts[name].database, "clock", lambda by=later: clock() + timedelta(hours=by)
            )
            answer = await world.clients[name].get(path, headers=neighbour.headers)
            assert answer.status_code == 200
        await world.contexts[name].keys._uses.write()
    uses = {
        key["id"]: key["last_use"]
        for key in (await world.clients["trigger"].get("/v1/keys", headers=neighbour.headers)).json()["keys"]
    }
    used, unused = (use for _, use in sorted(uses.items(), key=lambda each: each[0] == neighbour.spare_key))
    assert unused is None
    assert (used["service"], used["route"]) == ("alerts", "/v1/cases")
    page = await world.clients["trigger"].get("/keys", headers=neighbour.people["admin"].headers(page=True))
    assert "/v1/cases" in page.text
    assert "not yet" in page.text
    # An older use that is written late changes nothing, and one minute has one statement for each service.
    await alerts.keys._uses.write()
    alerts.keys.note_use(ApiKey("rowan", "k", "k", frozenset()), "/v1/x")
    assert await alerts.keys._uses.write() is None

    async def away(*_: Any, **__: Any) -> bytes:
        raise ServiceUnavailable("alerts")

    monkeypatch.setattr(type(world.app("trigger").state.context.services), "get_body", away)
    partly = (await world.clients["trigger"].get("/v1/keys", headers=neighbour.headers)).json()
    assert set(partly["unanswered"]) == {"dispatcher", "collector", "scorer", "alerts"}
