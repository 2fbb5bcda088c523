"""Share links: open links for print and web, with how their answers are spread."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE share_link (
            tenant text NOT NULL,
            id uuid NOT NULL,
            code text NOT NULL,
            survey_id uuid NOT NULL,
            name text NOT NULL,
            segments jsonb NOT NULL,
            state text NOT NULL,
            per_day integer,
            in_all integer,
            one_per_device boolean NOT NULL,
            scores jsonb NOT NULL,
            day date,
            answers_of_day integer NOT NULL DEFAULT 0,
            version bigint NOT NULL,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_share_link PRIMARY KEY (tenant, id),
            CONSTRAINT ck_share_link_state CHECK (state IN ('live', 'paused', 'ended'))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX ix_share_link_code ON share_link (code)")
    op.execute("CREATE INDEX ix_share_link_tenant_created_at ON share_link (tenant, created_at)")
