"""Whether an answer came from one of the company's own networks, and which one it was of its device that day.

What is kept of devices until the day ends is not in the log of the database: no archive of it has their salts.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN staff_network boolean, ADD COLUMN device_ordinal smallint",
    """
    CREATE UNLOGGED TABLE device_salt (
        tenant text NOT NULL,
        day date NOT NULL,
        salt bytea NOT NULL,
        ends_at timestamptz NOT NULL,
        CONSTRAINT pk_device_salt PRIMARY KEY (tenant, day)
    )
    """,
    """
    CREATE UNLOGGED TABLE device_count (
        tenant text NOT NULL,
        day date NOT NULL,
        device bytea NOT NULL,
        answers smallint NOT NULL,
        ends_at timestamptz NOT NULL,
        CONSTRAINT pk_device_count PRIMARY KEY (tenant, day, device)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
