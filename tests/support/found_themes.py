"""Themes that are opened by themselves: comments about something new, and what the scorer has found."""

from datetime import date
from typing import Any

from support.scorer_builders import DAY, an_answer
from support.scorer_client import ScorerClient

from services.scorer.theme_watch import ThemeWatch
from shared.db.database import Database
from shared.events import Answer
from shared.health import Health

LOCKERS = "The lockers would not open."
ABOUT_LOCKERS = {
    "en": (LOCKERS, "lockers*"),
    "da": ("Det var umuligt med parkeringen igen.", "parkeringen*"),
    "nl": ("Er was weer geen fietsenstalling te zien.", "fietsenstalling*"),
}
"""A sentence with one word that may be a theme, and its stem, by language."""
FINDING = "/v1/themes/finding"


def about(
    comment: str, customers: range, language: str = "en", day: date = DAY, **given: Any
) -> list[Answer]:
    """An answer with this comment of each customer."""
    return [
        an_answer(
            f"{language} {customer}",
            score=given.get("score", 2),
            comment=comment,
            language=language,
            day=day,
            customer_id=f"{language}-{customer}",
            version=given.get("version", 1),
        )
        for customer in customers
    ]


async def look_at_all(database: Database) -> None:
    """Let the loop look at every company that is due."""
    watch = ThemeWatch(database, Health("scorer"))
    while await watch.step() == 0:
        pass


async def read_finding(client: ScorerClient, **given: Any) -> dict[str, Any]:
    answer = await client.get(FINDING, **given)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def states(client: ScorerClient, **given: Any) -> dict[str, str]:
    """What became of each theme that was opened by itself, by its stem."""
    return {each["stem"]: each["state"] for each in (await read_finding(client, **given))["themes"]}
