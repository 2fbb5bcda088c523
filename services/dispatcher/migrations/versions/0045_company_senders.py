"""Senders of companies, with their keys, sealed; and how the mail server was found to encrypt."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE company_sender (
            tenant text NOT NULL,
            id uuid NOT NULL,
            address text NOT NULL,
            who text NOT NULL,
            created_at timestamptz NOT NULL,
            check_at timestamptz NOT NULL,
            checked_at timestamptz,
            passed_at timestamptz,
            CONSTRAINT pk_company_sender PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute("CREATE INDEX ix_company_sender_check_at ON company_sender (check_at)")
    op.execute(
        """
        CREATE TABLE company_sender_key (
            tenant text NOT NULL,
            sender_id uuid NOT NULL,
            selector text NOT NULL,
            sealed bytea NOT NULL,
            made_at timestamptz NOT NULL,
            seen_at timestamptz,
            CONSTRAINT pk_company_sender_key PRIMARY KEY (tenant, sender_id, selector),
            CONSTRAINT fk_company_sender_key_tenant_company_sender
                FOREIGN KEY (tenant, sender_id) REFERENCES company_sender (tenant, id) ON DELETE CASCADE
        )
        """
    )
    op.execute(
        """
        CREATE TABLE mail_server (
            id smallint NOT NULL,
            looked_at timestamptz NOT NULL,
            host text NOT NULL,
            is_local boolean NOT NULL,
            fault text,
            detail text NOT NULL,
            CONSTRAINT pk_mail_server PRIMARY KEY (id)
        )
        """
    )
