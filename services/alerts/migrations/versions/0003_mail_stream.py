"""Whether mail leaves, or has stopped because the mail server is away or refuses us."""

from alembic import op

from shared.outbound.mail_stream import STREAM_DDL

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(STREAM_DDL)
