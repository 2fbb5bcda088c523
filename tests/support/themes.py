"""Themes of comments of the scorer's companies."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from support.scorer_builders import an_answer
from support.scorer_client import ScorerClient, a_scorer_client, a_tenant

from services.scorer.themes.keeping import ThemeMatching
from shared.db.database import Database
from shared.events import Answer
from shared.health import Health

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""Of the day on which answers are given."""
SCOPES = ("scores:read", "surveys:write", "answers:read")
FIGURES = "/v1/themes/figures"
LATE, RUDE, PLAIN = "The parcel was late", "Rude staff, and the parcel was wet", "So stale"


@asynccontextmanager
async def a_theme_client(database: Database, **own: object) -> AsyncIterator[ScorerClient]:
    """The scorer at noon with two companies, whose keys may do all that themes take."""
    database.clock = lambda: NOON
    tenants = a_tenant("acme", "Europe/Copenhagen", *SCOPES), a_tenant("other", "UTC", *SCOPES)
    async with a_scorer_client(database, *tenants, own=own) as client:
        yield client


async def read_figures(client: ScorerClient, **query: Any) -> dict[str, Any]:
    answer = await client.get(FIGURES, **query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def named_themes(body: dict[str, Any]) -> dict[str, int]:
    """How many comments name each theme that any names."""
    return {theme["id"]: theme["n"] for theme in body["themes"] if theme["n"]}


def comments(*given: tuple[int, str], name: str = "c", **facts: Any) -> list[Answer]:
    """Answers with these scores and comments, in English."""
    values = {"language": "en"} | facts
    return [
        an_answer(f"{name} {number}", score=score, comment=comment or None, **values)
        for number, (score, comment) in enumerate(given)
    ]


async def match_all(database: Database) -> None:
    """Let the loop match what is left."""
    matching = ThemeMatching(database, Health("scorer"))
    while await matching.step() == 0:
        pass


async def kept_themes(database: Database, tenant: str = "acme") -> dict[str, list[str] | None]:
    """The themes of each answer with a comment, by the comment; and of those without one under an empty one."""
    async with database.reading() as uow:
        rows = await uow.execute(
            "SELECT comment, themes FROM answer WHERE tenant = :tenant ORDER BY id", {"tenant": tenant}
        )
        return {row.comment or "": row.themes for row in rows}


async def read_themes(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.get("/v1/themes", **given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def save(client: ScorerClient, themes: Sequence[dict[str, Any]], version: int, **given: Any) -> int:
    """Save these themes; the status of the answer."""
    answer = await client.send("PUT", "/v1/themes", {"version": version, "themes": list(themes)}, **given)
    return answer.status_code


def a_theme_body(key: str, *stems: str, **given: Any) -> dict[str, Any]:
    return {"id": key, "name": key.title(), "stems": {"en": list(stems)}, **given}
