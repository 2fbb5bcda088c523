"""The scores that an answer had before: of answers that there are, as far as their history tells.

The version before writes rows without them. Its history has each score, and of a version whose score stayed
only one that was sent: so an earlier score may seem to have stood a little longer than it did. Answers that a
machine may have given have none: which of their scores counted is not known.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN earlier_scores jsonb NOT NULL DEFAULT '[]'",
    """
    WITH stood AS (
        SELECT h.tenant, h.answer_id AS id, h.version, h.score, h.changed_at
        FROM answer_history h
        JOIN answer a ON a.tenant = h.tenant AND a.id = h.answer_id
        WHERE NOT a.anonymous AND a.signs = '[]' AND a.answered_at IS NOT NULL AND h.changed_at >= a.answered_at
        UNION ALL
        SELECT a.tenant, a.id, a.version, a.score, a.changed_at
        FROM answer a
        WHERE EXISTS (SELECT FROM answer_history h WHERE h.tenant = a.tenant AND h.answer_id = a.id)
    ), begun AS (
        SELECT *
        FROM (
            SELECT *, lag(score) OVER (PARTITION BY tenant, id ORDER BY version) AS score_before FROM stood
        ) s
        WHERE score_before IS DISTINCT FROM score
    ), ended AS (
        SELECT *,
            row_number() OVER (PARTITION BY tenant, id ORDER BY version) AS number,
            lead(changed_at) OVER (PARTITION BY tenant, id ORDER BY version) AS until,
            count(*) OVER (PARTITION BY tenant, id) AS scores
        FROM begun
    ), earlier AS (
        SELECT e.tenant, e.id, jsonb_agg(
            jsonb_build_object(
                'score', e.score, 'at', CASE WHEN e.number = 1 THEN a.answered_at ELSE e.changed_at END,
                'until', e.until
            ) ORDER BY e.version
        ) AS scores
        FROM ended e JOIN answer a ON a.tenant = e.tenant AND a.id = e.id
        WHERE e.until IS NOT NULL AND (e.number = 1 OR e.number > e.scores - 20)
        GROUP BY 1, 2
    )
    UPDATE answer a SET earlier_scores = e.scores
    FROM earlier e
    WHERE a.tenant = e.tenant AND a.id = e.id
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
