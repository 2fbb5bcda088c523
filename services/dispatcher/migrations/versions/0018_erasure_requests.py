"""What each idempotency key of an erasure was used for, and customers whose id is not in its one form."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SPACE = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
INVISIBLE = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
STATEMENTS = (
    """
    CREATE TABLE erasure_request (
        tenant text NOT NULL,
        id uuid NOT NULL,
        fingerprint text NOT NULL,
        erasure_id uuid NOT NULL,
        asked_at timestamptz NOT NULL,
        CONSTRAINT pk_erasure_request PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_erasure_request_asked_at ON erasure_request (asked_at)",
    "COMMENT ON COLUMN erasure_request.id IS 'Derived from the idempotency key.'",
    "COMMENT ON COLUMN erasure_request.fingerprint IS 'A keyed hash of the request.'",
    "COMMENT ON COLUMN erasure_request.erasure_id IS 'With which it was answered.'",
    rf"""
    CREATE FUNCTION customer_id_form(customer_id text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
        SELECT regexp_replace(
            regexp_replace(
                normalize(customer_id COLLATE "C", NFC),
                '^[{SPACE}{INVISIBLE}]+|[{SPACE}{INVISIBLE}]+$', '', 'g'
            ),
            '[{SPACE}]+', ' ', 'g'
        )
    $$
    """,
    r"""
    CREATE INDEX ix_known_customer_id_form ON known_customer (tenant, customer_id_form(customer_id))
    WHERE (customer_id COLLATE "C") !~ '^[!-~]+( [!-~]+)*$'
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
