"""Another time zone of a company: it holds from now on, on all pages, and no day that was counted moves."""

from datetime import datetime
from zoneinfo import ZoneInfo

from support.companies import Company, World
from support.leaving import OPERATOR

WEST, EAST = "Pacific/Pago_Pago", "Pacific/Kiritimati"
"""They have a day in common for no moment: 25 hours lie between them."""


async def days_of(world: World, company: Company) -> dict[str, list[str]]:
    """The day of each answer, and what is counted on which day."""
    found: dict[str, list[str]] = {}
    for name, statement in (
        ("collector", "SELECT id, day FROM answer WHERE tenant = :tenant ORDER BY id"),
        ("scorer", "SELECT * FROM day_count WHERE tenant = :tenant ORDER BY 2, 3, 4"),
    ):
        async with world.contexts[name].database.reading() as uow:
            rows = await uow.execute(statement, {"tenant": company.name})
            found[name] = [str(row) for row in rows]
    return found


async def test_another_zone_holds_from_now_on_and_moves_no_day_that_was_counted(
    world: World, neighbour: Company
) -> None:
    before = await days_of(world, neighbour)
    assert all(before.values())
    trigger, path = world.clients["trigger"], f"/v1/companies/{neighbour.name}"
    for zone in (EAST, WEST):
        changed = await trigger.patch(path, json={"time_zone": zone}, headers=OPERATOR)
        assert (changed.status_code, changed.json()["time_zone"]) == (200, zone)
        await world.deliver_all()
        assert await days_of(world, neighbour) == before
        scores = await world.clients["scorer"].get("/v1/scores", headers=neighbour.headers)
        window = scores.json()["window"]
        today = world.contexts["scorer"].database.clock().astimezone(ZoneInfo(zone)).date()
        assert (window["time_zone"], window["until"]) == (zone, today.isoformat())
        async with world.contexts["alerts"].database.reading() as uow:
            due = await uow.execute(
                "SELECT due_at FROM clock WHERE kind = 'weekly' AND tenant = :tenant",
                {"tenant": neighbour.name},
            )
            letters: list[datetime] = list(due.scalars())
        assert [at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") for at in letters] in ([], ["Mon 08:00"])


async def test_only_the_operator_changes_a_company_here_and_only_its_time_zone(
    world: World, neighbour: Company
) -> None:
    trigger, path = world.clients["trigger"], f"/v1/companies/{neighbour.name}"
    wanted = {"time_zone": "Asia/Tokyo"}
    assert (await trigger.patch(path, json=wanted, headers=neighbour.headers)).status_code == 401
    assert (await trigger.patch("/v1/companies/nobody", json=wanted, headers=OPERATOR)).status_code == 404
    for wrong in ({"time_zone": "Mars/Olympus"}, {"time_zone": None}, {}, {**wanted, "country": "JP"}):
        assert (await trigger.patch(path, json=wrong, headers=OPERATOR)).status_code == 422, wrong
