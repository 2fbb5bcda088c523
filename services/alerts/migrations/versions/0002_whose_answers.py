"""Whose answers a case is made of: the contact, the consent, the segments of each answer and line, the requests that
were carried out, and the words that were said before they were amended.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# A comment may hold a NUL, which JSON can write and no text of PostgreSQL can hold.
_SAID = r"CAST(regexp_replace(convert_from(body, 'UTF8'), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g') AS json)"
_ENCODED = "replace(replace(replace({}, '%', '%25'), ':', '%3A'), '/', '%2F')"
_SEGMENTS_OF_AN_ANSWER = f"""
    SELECT '' AS segment
    UNION ALL
    SELECT {_ENCODED.format("d.key")} || ':' || {_ENCODED.format("d.value")}
    FROM json_each_text(coalesce(a.said -> 'segments', '{{}}')) d
    UNION ALL
    SELECT 'organisation:' || string_agg({_ENCODED.format("o.part")}, '/') OVER (ORDER BY o.depth)
    FROM json_array_elements_text(coalesce(a.said -> 'organisation', '[]'))
        WITH ORDINALITY AS o (part, depth)
"""

STATEMENTS = (
    "ALTER TABLE cases ADD COLUMN contact_key TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE cases ADD COLUMN may_contact BOOLEAN",
    "ALTER TABLE case_answer ADD COLUMN belongs TEXT[]",
    "ALTER TABLE timeline ADD COLUMN answers UUID[]",
    # One open case per person instead of one per customer id, behind which there may be several people.
    "DROP INDEX uq_cases_one_open",
    """
    CREATE UNIQUE INDEX uq_cases_one_open_person ON cases (tenant, customer_id, contact_key)
    WHERE state <> 'closed'
    """,
    "CREATE INDEX ix_cases_open ON cases (tenant, due_at, id) WHERE state <> 'closed'",
    "CREATE INDEX ix_cases_closed ON cases (tenant, closed_at, id) WHERE state = 'closed'",
    "CREATE INDEX ix_cases_tenant_opened_at_id ON cases (tenant, opened_at, id)",
    "CREATE INDEX ix_cases_tenant_customer_id ON cases (tenant, customer_id)",
    """
    CREATE TABLE case_request (
        tenant TEXT NOT NULL,
        case_id UUID NOT NULL,
        key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_case_request PRIMARY KEY (tenant, case_id, key)
    )
    """,
    "CREATE INDEX ix_case_request_at ON case_request (at)",
    """
    COMMENT ON TABLE case_request IS
    'Requests that were carried out: the idempotency key, and the hash of what was asked for.'
    """,
    """
    CREATE TABLE answer_before (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        score SMALLINT NOT NULL,
        comment TEXT,
        follow_up TEXT,
        changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_answer_before PRIMARY KEY (tenant, id, version)
    )
    """,
    "COMMENT ON TABLE answer_before IS 'What was sent of an answer before it was amended.'",
    f"""
    UPDATE case_answer t SET belongs = ARRAY(SELECT s.segment FROM ({_SEGMENTS_OF_AN_ANSWER}) s)
    FROM (SELECT tenant, id, {_SAID} AS said FROM answer) a
    WHERE a.tenant = t.tenant AND a.id = t.answer_id
    """,
    """
    UPDATE cases c SET belongs = n.belongs FROM (
        SELECT t.tenant, t.case_id, array_agg(DISTINCT s.segment) AS belongs
        FROM case_answer t CROSS JOIN unnest(t.belongs) s (segment)
        GROUP BY t.tenant, t.case_id HAVING count(DISTINCT t.answer_id) > 1
    ) n WHERE c.tenant = n.tenant AND c.id = n.case_id
    """,
    f"""
    UPDATE cases c SET may_contact = n.may_contact,
        due_at = CASE
            WHEN NOT n.may_contact AND c.first_contact_at IS NULL THEN c.close_due_at ELSE c.due_at
        END
    FROM (
        SELECT DISTINCT ON (t.tenant, t.case_id) t.tenant, t.case_id,
            CAST(a.said ->> 'may_contact' AS boolean) AS may_contact
        FROM case_answer t JOIN (
            SELECT tenant, id, {_SAID} AS said FROM answer
        ) a ON a.tenant = t.tenant AND a.id = t.answer_id
        WHERE a.said ->> 'may_contact' IS NOT NULL
        ORDER BY t.tenant, t.case_id, CAST(a.said ->> 'changed_at' AS timestamptz) DESC, a.id DESC
    ) n WHERE c.tenant = n.tenant AND c.id = n.case_id
    """,
    """
    UPDATE timeline t SET answers = ARRAY[
        CASE t.kind WHEN 'opened' THEN c.answer_id ELSE CAST(t.facts ->> 'answer_id' AS uuid) END
    ]
    FROM cases c
    WHERE c.tenant = t.tenant AND c.id = t.case_id AND t.kind IN ('opened', 'again')
    AND 1 < (SELECT count(*) FROM case_answer o WHERE o.tenant = c.tenant AND o.case_id = c.id)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
