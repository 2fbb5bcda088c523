"""What the scorer removes of what is too old, in this order. What is counted stays."""

from services.scorer.models import answer, case_copy, improvement, waiting_answer
from shared.privacy.removal import (
    HAS_WRITTEN_REPLIES,
    STORED_WORDS,
    WITHOUT_WRITTEN_REPLIES,
    without_customer,
    wordless_answer,
)
from shared.privacy.retention import ClearRule, RetentionRule, RewriteRule

# They are no words of the customer's. By them one that wrote is told from one that did not.
THEMES_THAT_STAY = """
    CASE WHEN t.comment IS NULL THEN t.themes WHEN t.comment <> '' THEN coalesce(t.themes, '{}') END
"""

RETENTION: tuple[RetentionRule, ...] = (
    ClearRule(
        "contacts",
        answer,
        """
            t.customer_id IS NOT NULL
            AND (t.answered_at < :contacts OR t.answered_at IS NULL AND t.changed_at < :contacts)
        """,
        without_customer(answer),
    ),
    ClearRule(
        "comments",
        answer,
        f"""
            (t.comment IS NOT NULL OR t.replies IS NOT NULL AND {HAS_WRITTEN_REPLIES})
            AND t.answered_at < :comments
        """,
        f"comment = NULL, themes = {THEMES_THAT_STAY}, model_waits = false, {WITHOUT_WRITTEN_REPLIES}",
    ),
    RewriteRule(
        "comments",
        waiting_answer,
        f"t.day < CAST(CAST(:comments AS timestamptz) AS date) AND {STORED_WORDS}",
        "body",
        wordless_answer,
    ),
    ClearRule(
        "cases",
        case_copy,
        "t.state = 'closed' AND t.closed_at < :cases AND t.owner IS NOT NULL",
        "owner = NULL",
    ),
    ClearRule(
        "cases",
        improvement,
        """
            t.status IN ('done', 'dropped') AND t.changed_at < :cases
            AND (t.owner IS NOT NULL OR t.step_names <> '{}')
        """,
        "owner = NULL, step_names = '{}'",
    ),
)
