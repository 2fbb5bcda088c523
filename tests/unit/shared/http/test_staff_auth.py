from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
import pytest
from support.http_clients import SignIn

from shared.http.staff_auth import ACCESS_COOKIE, AccessPass, Staff, safe_next
from shared.permissions import Role

SECRET = "a secret of at least thirty-two characters"
HTML = {"Accept": "text/html"}


def a_user(role: Role = "admin", hours: float = 1) -> Staff:
    expires = datetime.now(UTC) + timedelta(hours=hours)
    return Staff("acme", UUID(int=7), "Jonas Holt", role, ("touchpoint:checkout",), "session-1", expires)


def test_a_pass_verifies_as_the_user_it_was_signed_for() -> None:
    staff = a_user()
    assert AccessPass(SECRET).verify(AccessPass(SECRET).sign(staff)) == staff


def test_a_pass_of_another_secret_or_with_one_letter_changed_is_nothing() -> None:
    cookie = AccessPass(SECRET).sign(a_user())
    assert AccessPass("another secret").verify(cookie) is None
    assert AccessPass(SECRET).verify(("B" if cookie[0] == "A" else "A") + cookie[1:]) is None
    assert AccessPass(SECRET).verify("") is None


def test_a_pass_expires() -> None:
    assert AccessPass(SECRET, lifetime_s=-1).verify(AccessPass(SECRET).sign(a_user())) is None


def test_a_pass_ends_with_its_session() -> None:
    assert AccessPass(SECRET).verify(AccessPass(SECRET).sign(a_user(hours=-1))) is None


def test_what_is_opened_with_a_pass_lasts_no_longer_than_the_pass() -> None:
    access = AccessPass(SECRET, clock=lambda: datetime.now(UTC) + timedelta(seconds=200))
    assert 95 <= access.seconds_left(access.sign(a_user())) <= 100
    assert access.seconds_left("nothing") == 0


async def test_a_browser_without_a_pass_is_redirected_to_renew_it_and_back(web: httpx2.AsyncClient) -> None:
    answer = await web.get("/page?window=30d&a=b", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login/renew?next=%2Fpage%3Fwindow%3D30d%26a%3Db"


async def test_a_post_without_a_pass_is_repeated_with_its_body_after_renewal(web: httpx2.AsyncClient) -> None:
    answer = await web.post("/form", data={"words": "kept"}, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (307, "/login/renew?next=%2Fform")


async def test_a_program_without_a_pass_gets_a_problem(web: httpx2.AsyncClient) -> None:
    assert (await web.get("/page")).status_code == 401


async def test_a_user_with_a_pass_gets_the_page(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    sign_in()
    assert (await web.get("/page", headers=HTML)).json() == "Jonas Holt"


async def test_with_another_role_a_page_is_not_found_and_a_program_gets_the_roles_that_may(
    web: httpx2.AsyncClient, sign_in: SignIn
) -> None:
    sign_in(a_user("agent"))
    assert (await web.get("/admins", headers=HTML)).status_code == 404
    refusal = await web.get("/admins")
    assert refusal.status_code == 403
    assert "admin" in refusal.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/inbox", "/cases/1?tab=a%2Fb#x", "/a//b"])
def test_a_path_of_ours_may_be_returned_to(path: str) -> None:
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "inbox",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "/\tb",
        "/\x7f",
        " /inbox",
        "/a\\b",
    ],
)
def test_a_link_cannot_redirect_to_another_site(path: str | None) -> None:
    assert safe_next(path) == "/"


async def test_a_key_or_a_person_may_call_a_shared_route(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    assert (await web.get("/v1/shared")).status_code == 401
    assert (await web.get("/v1/shared", headers={"Authorization": "Bearer writer"})).json() == {
        "tenant": "acme",
        "person": False,
    }
    sign_in(a_user("leader"))
    assert (await web.get("/v1/shared")).json() == {"tenant": "acme", "person": True}
    sign_in(a_user("agent"))
    assert (await web.get("/v1/shared")).status_code == 403


async def test_a_cookie_alone_changes_nothing(web: httpx2.AsyncClient, sign_in: SignIn) -> None:
    token = sign_in()
    assert (await web.post("/v1/shared")).status_code == 403
    assert (await web.post("/v1/shared", headers={"X-CSRF": token})).status_code == 200
    web.cookies.delete(ACCESS_COOKIE)
    assert (await web.post("/v1/shared", headers={"Authorization": "Bearer writer"})).status_code == 200
