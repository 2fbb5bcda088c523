"""Incidents, the cases that are counted for them, and the scores of which the letter of Monday tells."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

COMMENTS = {
    "incident": "Many cases of one segment within minutes, which are told as one.",
    "incident_case": "When the customers of cases answered: those that are counted, or belong to an incident.",
    "segment_score": "Copies of scores: of each segment the last one of each day of the last weeks.",
}


def upgrade() -> None:
    op.execute("""
        CREATE TABLE incident (
            tenant text NOT NULL,
            id uuid NOT NULL,
            segment text NOT NULL,
            case_id uuid NOT NULL,
            began_at timestamptz NOT NULL,
            opened_at timestamptz NOT NULL,
            ended_at timestamptz,
            CONSTRAINT pk_incident PRIMARY KEY (tenant, id)
        )
    """)
    op.execute("CREATE INDEX ix_incident_going_on ON incident (tenant) WHERE ended_at IS NULL")
    op.execute("CREATE INDEX ix_incident_tenant_opened_at ON incident (tenant, opened_at)")
    op.execute("""
        CREATE TABLE incident_case (
            tenant text NOT NULL,
            case_id uuid NOT NULL,
            said_at timestamptz NOT NULL,
            segments text[] NOT NULL,
            incident_id uuid,
            CONSTRAINT pk_incident_case PRIMARY KEY (tenant, case_id)
        )
    """)
    op.execute("CREATE INDEX ix_incident_case_tenant_said_at ON incident_case (tenant, said_at)")
    op.execute("CREATE INDEX ix_incident_case_tenant_incident_id ON incident_case (tenant, incident_id)")
    op.execute("CREATE INDEX ix_incident_case_uncounted ON incident_case (said_at) WHERE incident_id IS NULL")
    op.execute("""
        CREATE TABLE segment_score (
            tenant text NOT NULL,
            segment text NOT NULL,
            measurement text NOT NULL,
            until date NOT NULL,
            version bigint NOT NULL,
            n integer NOT NULL,
            nps double precision,
            CONSTRAINT pk_segment_score PRIMARY KEY (tenant, segment, measurement, until)
        )
    """)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
