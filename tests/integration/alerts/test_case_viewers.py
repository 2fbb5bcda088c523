"""Who has a case open: told to the others who have it open, and only while it is."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.alerts_api import AlertsApi, Browser
from support.alerts_builders import rows

from services.alerts.cases.viewer_page import MOST_NAMED, SEEN_WITHIN

SEGMENTS = ("organisation:elsewhere",)


async def open_again(reader: Browser, case: UUID, **fields: str) -> str:
    """What the open page is told."""
    answer = await reader.do(f"/cases/{case}/viewers", **fields)
    assert answer.status_code == 200, answer.text
    words: str = answer.json()["words"]
    return words


async def seen_before(alerts: AlertsApi, by: timedelta) -> None:
    """Let everybody have said so much earlier that they have a case open."""
    async with alerts.database.transaction() as uow:
        await uow.execute("UPDATE case_viewer SET seen_at = seen_at - CAST(:by AS interval)", {"by": by})


async def test_each_is_told_of_the_others_until_they_leave(alerts: AlertsApi) -> None:
    case, other = await alerts.open_case(), await alerts.open_case()
    jonas, sara = await alerts.signed_in(name="Jonas Berg"), await alerts.signed_in(name="Sara Lund")
    ada = await alerts.signed_in(name="Ada Winther")
    assert await open_again(jonas, case) == ""
    assert await open_again(jonas, case) == "", "nobody is told of themselves"
    assert await open_again(sara, case) == "Also open with Jonas Berg."
    assert await open_again(ada, other) == ""
    assert await open_again(ada, case) == "Also open with Jonas Berg and Sara Lund."
    assert await open_again(jonas, case, leaves="yes") == ""
    assert await open_again(ada, case) == "Also open with Sara Lund."


async def test_a_page_that_says_nothing_more_is_not_open(alerts: AlertsApi) -> None:
    case, other = await alerts.open_case(), await alerts.open_case()
    jonas, sara = await alerts.signed_in(name="Jonas Berg"), await alerts.signed_in(name="Sara Lund")
    await open_again(jonas, case)
    await seen_before(alerts, SEEN_WITHIN - timedelta(seconds=5))
    assert await open_again(sara, case) == "Also open with Jonas Berg."
    await seen_before(alerts, timedelta(seconds=10))
    assert await open_again(sara, case) == ""
    await open_again(jonas, other)
    left = await rows(alerts.database, "SELECT case_id FROM case_viewer ORDER BY seen_at")
    assert [row.case_id for row in left] == [case, other], "what the first page of Jonas left behind is gone"


async def test_more_than_can_be_read_are_not_named(alerts: AlertsApi) -> None:
    case, reader = await alerts.open_case(), await alerts.signed_in(name="Jonas Berg")
    async with alerts.database.transaction() as uow:
        for _ in range(MOST_NAMED + 2):
            person = await alerts.person(name="Sara Lund")
            values = {"tenant": reader.person.tenant, "case": case, "person": person.id, "now": uow.now}
            await uow.execute("INSERT INTO case_viewer VALUES (:tenant, :case, :person, :now)", values)
    assert (await open_again(reader, case)).count("Sara Lund") == MOST_NAMED


@pytest.mark.parametrize("path", ["/cases/{case}/viewers", "/cases/nothing/viewers"])
async def test_who_may_not_see_a_case_is_not_told_who_has_it_open(alerts: AlertsApi, path: str) -> None:
    case = await alerts.open_case()
    await open_again(await alerts.signed_in(name="Jonas Berg"), case)
    limited: Any = await alerts.signed_in(segments=SEGMENTS)
    assert (await limited.do(path.format(case=case))).status_code == 404
    assert len(await rows(alerts.database, "SELECT 1 FROM case_viewer")) == 1
