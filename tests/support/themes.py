"""Themes of comments of the scorer's companies."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from support.scorer_builders import an_answer
from support.scorer_client import ScorerClient

from services.scorer.themes.keeping import ThemeMatching
from shared.db.database import Database
from shared.events import Answer
from shared.health import Health

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""Of the day on which answers are given."""


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
