"""The colour of a company, and what its codes are called."""

from support.companies import Company, World


async def test_colour_and_names_reach_customers_and_colleagues_and_programs_get_codes(
    world: World, neighbour: Company
) -> None:
    client, headers = world.clients["trigger"], neighbour.headers
    faint = await client.patch("/v1/company", json={"accent": "#ffcc00"}, headers=headers)
    assert faint.status_code == 422
    assert "The nearest shade that can be read is #" in faint.json()["detail"]
    wrong = {"organisation:": "x", "a/b:c": " ", "": "x", "touchpoint:a/b": "x"}
    for code, name in wrong.items():
        refused = await client.patch("/v1/company", json={"display_names": {code: name}}, headers=headers)
        assert refused.status_code == 422, code
    names = {"touchpoint:rowan-checkout": "The till", "touchpoint": "Where it was"}
    changed = await client.patch(
        "/v1/company", json={"accent": "0A5A6C", "display_names": names}, headers=headers
    )
    assert (changed.json()["accent"], changed.json()["display_names"]) == ("#0a5a6c", names)
    await world.deliver_all()
    survey = await world.clients["collector"].get(f"/s/{neighbour.token('answer')}")
    assert 'href="/s/accent/0a5a6c.css"' in survey.text
    style = await world.clients["collector"].get("/s/accent/0a5a6c.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "--brand: #0a5a6c" in style.text
    for colour in ("ffcc00", "0a5a6", "x"):
        refused = await world.clients["collector"].get(f"/s/accent/{colour}.css")
        assert refused.status_code in {404, 422}, colour
    admin = neighbour.people["admin"].headers(page=True)
    for name, path in (("scorer", "/segments"), ("alerts", f"/cases/{neighbour.case}")):
        assert "The till" in (await world.clients[name].get(path, headers=admin)).text, path
    told = (await world.clients["scorer"].get("/v1/segments", headers=headers)).text
    assert "The till" not in told
    assert "rowan-checkout" in told
    page = await client.get("/company", headers=admin)
    assert "touchpoint:rowan-checkout = The till" in page.text
    posted = {"name": "Rowan", "languages": "en", "accent": "#fff", "display_names": "no equals sign"}
    kept = await client.post("/company", data=posted, headers=admin)
    assert (kept.status_code, "no equals sign" in kept.text) == (422, True)
