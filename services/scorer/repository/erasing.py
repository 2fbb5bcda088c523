"""What is erased of a customer's answers."""

from collections.abc import Sequence

from shared.db.database import UnitOfWork
from shared.privacy.erased import TARGETS, Target, of_target, target_values
from shared.privacy.persons import NOBODY

ERASE_ANSWERS = f"""
    UPDATE answer t
    SET comment = NULL, themes = NULL, theme_version = 0, model_themes = NULL, model_waits = false,
        replies = NULL, customer_id = NULL, contact_key = NULL, person = '{NOBODY}'
    FROM {TARGETS}
    WHERE {of_target()}
"""


async def erase_answers(uow: UnitOfWork, targets: Sequence[Target]) -> None:
    """Erase whose the answers of these customers are, and what was written."""
    await uow.execute(ERASE_ANSWERS, target_values(targets))
