"""Tasks of account managers to ask promoters for introductions."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE introduction_setting (
            tenant text NOT NULL,
            enabled boolean NOT NULL,
            since timestamptz NOT NULL,
            CONSTRAINT pk_introduction_setting PRIMARY KEY (tenant)
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE introduction_setting IS 'Whether account managers get tasks to ask for"
        " introductions. A row locks their opening.'"
    )
    op.execute(
        """
        CREATE TABLE introduction (
            tenant text NOT NULL,
            id uuid NOT NULL,
            version bigint NOT NULL,
            state text NOT NULL,
            answer_id uuid NOT NULL,
            person text,
            customer_id text,
            contact_key text NOT NULL DEFAULT '',
            account_id text,
            owner_id uuid,
            team_id uuid,
            belongs text[] NOT NULL,
            score smallint NOT NULL,
            said_at timestamptz NOT NULL,
            opened_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            asked_at timestamptz,
            agreed_at timestamptz,
            introduced_at timestamptz,
            met_at timestamptz,
            ended_at timestamptz,
            reason text,
            result text,
            result_at timestamptz,
            note text,
            CONSTRAINT pk_introduction PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_introduction_one_open_account ON introduction (tenant, account_id)"
        " WHERE state = 'open'"
    )
    for columns in ("answer_id", "customer_id", "opened_at, id", "person"):
        name = "_".join(("ix_introduction_tenant", *columns.split(", ")))
        op.execute(f"CREATE INDEX {name} ON introduction (tenant, {columns})")
    op.execute("CREATE INDEX ix_introduction_no_person ON introduction (tenant) WHERE person IS NULL")
    op.execute(
        "COMMENT ON TABLE introduction IS 'Tasks of account managers to ask a promoter for an introduction;"
        " nothing of whom is introduced.'"
    )
    op.execute(
        """
        CREATE TABLE introduction_step (
            tenant text NOT NULL,
            introduction_id uuid NOT NULL,
            seq bigint NOT NULL,
            at timestamptz NOT NULL,
            act text NOT NULL,
            by_id uuid,
            by_name text NOT NULL,
            detail text,
            CONSTRAINT pk_introduction_step PRIMARY KEY (tenant, introduction_id, seq)
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE introduction_step IS 'What happened to each task to ask for an introduction, by whom"
        " and when. Only ever added to.'"
    )
    op.execute(
        """
        CREATE TABLE introduction_judgement (
            tenant text NOT NULL,
            answer_id uuid NOT NULL,
            answer_version bigint NOT NULL,
            reason text NOT NULL,
            belongs text[] NOT NULL,
            judged_at timestamptz NOT NULL,
            CONSTRAINT pk_introduction_judgement PRIMARY KEY (tenant, answer_id)
        )
        """
    )
    op.execute(
        "CREATE INDEX ix_introduction_judgement_tenant_judged_at ON introduction_judgement (tenant, judged_at)"
    )
    op.execute(
        "COMMENT ON TABLE introduction_judgement IS"
        " 'Why a promoter''s answer opened no task to ask for an introduction.'"
    )
