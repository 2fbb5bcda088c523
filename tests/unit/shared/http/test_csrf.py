import httpx2
import pytest
from support.http_clients import SignIn

from shared.http.csrf import CsrfGuard

HTML = {"Accept": "text/html"}


def test_a_token_is_bound_to_its_session_and_secret() -> None:
    guard = CsrfGuard("secret")
    assert guard.matches("a", guard.token("a"))
    assert not guard.matches("b", guard.token("a"))
    assert not guard.matches("a", CsrfGuard("other").token("a"))
    assert not guard.matches("a", "é\ud800")


async def test_our_own_form_is_accepted(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    token = sign_in()
    for headers in (
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://afterword.example"},
        {"Origin": "null"},
    ):
        answer = await web.post("/form", data={"csrf": token, "words": "kept"}, headers=headers)
        assert (answer.status_code, answer.json()) == (200, "kept")


async def test_the_token_may_come_as_a_header(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    assert (await web.post("/form", data={"words": "x"}, headers={"X-CSRF": sign_in()})).status_code == 200


async def test_a_form_without_the_sessions_token_is_refused_with_what_to_do(
    web: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    sign_in()
    for data in ({"words": "x"}, {"words": "x", "csrf": "wrong"}):
        answer = await web.post("/form", data=data, headers=HTML)
        assert answer.status_code == 403
        assert "Go back and press the button again." in answer.text
        assert "nothing that you wrote is lost" in answer.text


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
async def test_a_form_of_another_site_is_refused_even_with_the_token(
    web: httpx2.AsyncClient, sign_in: SignIn, headers: dict[str, str]
) -> None:
    answer = await web.post("/form", data={"csrf": sign_in(), "words": "x"}, headers=headers)
    assert answer.status_code == 403
    assert (await web.post("/s/token", headers=headers)).status_code == 403


async def test_a_customer_needs_no_session_to_answer(web: httpx2.AsyncClient) -> None:
    assert (await web.post("/s/token", headers={"Sec-Fetch-Site": "same-origin"})).json() == "thank you"
    assert (await web.post("/s/token")).json() == "thank you"
