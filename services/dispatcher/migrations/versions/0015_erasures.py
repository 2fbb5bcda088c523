"""Erasures, which services have confirmed them, and under which names each customer is known."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE known_customer (
        tenant text NOT NULL,
        person text NOT NULL,
        contact text NOT NULL,
        phone text NOT NULL,
        customer_id text NOT NULL,
        known_at timestamptz NOT NULL,
        CONSTRAINT pk_known_customer PRIMARY KEY (tenant, person, contact, phone)
    )
    """,
    "CREATE INDEX ix_known_customer_contact ON known_customer (tenant, contact) WHERE contact <> ''",
    "CREATE INDEX ix_known_customer_phone ON known_customer (tenant, phone) WHERE phone <> ''",
    "COMMENT ON COLUMN known_customer.contact IS 'The keyed hash of an address; empty: came without.'",
    "COMMENT ON COLUMN known_customer.phone IS 'The keyed hash of a number; empty: came without.'",
    """
    CREATE TABLE erasure (
        tenant text NOT NULL,
        id uuid NOT NULL,
        target text NOT NULL,
        person text NOT NULL,
        contact text,
        who text NOT NULL,
        reason text,
        asked_for text[] NOT NULL,
        names text[] NOT NULL,
        fingerprint text NOT NULL,
        asked_at timestamptz NOT NULL,
        CONSTRAINT pk_erasure PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE UNIQUE INDEX uq_erasure_target ON erasure (tenant, target)",
    "CREATE INDEX ix_erasure_asked_at ON erasure (tenant, asked_at, id)",
    "CREATE INDEX ix_erasure_names ON erasure USING gin (names)",
    "COMMENT ON COLUMN erasure.asked_for IS 'The fields that named the customer.'",
    "COMMENT ON COLUMN erasure.names IS 'Keyed hashes of all that the customer is named by.'",
    "COMMENT ON COLUMN erasure.fingerprint IS 'A keyed hash of the request.'",
    """
    CREATE TABLE erasure_confirmation (
        tenant text NOT NULL,
        target text NOT NULL,
        service text NOT NULL,
        confirmed_at timestamptz NOT NULL,
        kept_at timestamptz NOT NULL,
        CONSTRAINT pk_erasure_confirmation PRIMARY KEY (tenant, target, service)
    )
    """,
    "CREATE INDEX ix_erasure_confirmation_kept_at ON erasure_confirmation (kept_at)",
    "ALTER TABLE decision ADD COLUMN difference_person text",
    """
    COMMENT ON COLUMN decision.difference_person IS
        'Whose the difference is; NULL: there is none, or nobody''s.'
    """,
    """
    CREATE INDEX ix_decision_difference_person ON decision (tenant, difference_person)
    WHERE difference_person IS NOT NULL
    """,
    "ALTER TABLE backfill ADD COLUMN customer text",
    # Whom earlier versions stored is not known by name, until a worker has gone through these tables.
    "INSERT INTO backfill (name) SELECT 'known decisions' WHERE EXISTS (SELECT FROM decision)",
    "INSERT INTO backfill (name) SELECT 'known invitations' WHERE EXISTS (SELECT FROM invitation)",
    "INSERT INTO backfill (name) SELECT 'known customers' WHERE EXISTS (SELECT FROM customer)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
