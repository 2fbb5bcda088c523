"""Published benchmarks."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE benchmark (
        tenant text NOT NULL,
        id uuid NOT NULL,
        name text NOT NULL,
        source text NOT NULL,
        link text,
        score double precision NOT NULL,
        n bigint,
        first date,
        last date NOT NULL,
        measurement text NOT NULL,
        segment text COLLATE "C" NOT NULL,
        dimension text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_benchmark PRIMARY KEY (tenant, id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
