"""The tables of alerts as the migrations make them; bulk statements take names and types from here."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.db.deadlines import clock_table
from shared.db.tables import NAMING_CONVENTION, kernel_tables
from shared.outbound.deliveries import delivery_table
from shared.outbound.mail_stream import stream_table
from shared.privacy.backfill import PersonalTable, person_indexes
from shared.privacy.columns import PERSONAL
from shared.privacy.erased import erased_table
from shared.tenancy.retention import retention_tables
from shared.tenancy.sending import sending_table
from shared.tenancy.tenants import tenant_tables

metadata = MetaData(naming_convention=NAMING_CONVENTION)
kernel_tables(metadata)
tenant_tables(metadata)
sending_table(metadata)
stream_table(metadata)
delivery_table(metadata)
clock_table(metadata)
retention_tables(metadata)
erased_table(metadata)

INSTANT = DateTime(timezone=True)
NO_TEXTS = text("'{}'")

answer = Table(
    "answer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("customer_id", Text, info=PERSONAL),
    Column("person", Text, info=PERSONAL),
    Column("score", SmallInteger, nullable=False),
    Column("first_version", BigInteger, nullable=False),
    Column("first_score", SmallInteger, nullable=False),
    Column("answered_at", INSTANT),
    Column("body", LargeBinary, nullable=False, info=PERSONAL),
    Index(None, "tenant", "customer_id", "answered_at"),
    Index(None, "tenant", "answered_at"),
    comment="Copies of answers: the newest version whole, and the first score.",
)
invitation = Table(
    "invitation",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False, info=PERSONAL),
    # When its link ends; NULL: a version that did not keep this wrote it.
    Column("expires_at", INSTANT),
    # Whether it was so old that its customer was removed.
    Column("customer_removed", Boolean, nullable=False, server_default=text("false")),
    Index("ix_invitation_personal", "tenant", "id", postgresql_where=text("NOT customer_removed")),
    Column("person", Text, info=PERSONAL),
    comment="Copies of invitations: who it was and what was bought.",
)
survey = Table(
    "survey",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("survey_version", BigInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
)
# Counts nothing any more: a company's row is the lock for opening its cases.
case_counter = Table(
    "case_counter",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
cases = Table(
    "cases",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("decided_version", BigInteger, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("event_id", Uuid),
    Column("customer_id", Text, info=PERSONAL),
    Column("score", SmallInteger, nullable=False),
    Column("touchpoint", Text),
    Column("segments", JSONB, nullable=False),
    Column("organisation", ARRAY(Text), nullable=False),
    Column("belongs", ARRAY(Text), nullable=False),
    Column("owner_id", Uuid),
    Column("cause", Text),
    Column("action", Text, info=PERSONAL),
    Column("outcome", Text),
    Column("told", Boolean),
    Column("opened_at", INSTANT, nullable=False),
    Column("contact_due_at", INSTANT, nullable=False),
    Column("close_due_at", INSTANT, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("first_contact_at", INSTANT),
    Column("closed_at", INSTANT),
    Column("changed_at", INSTANT, nullable=False),
    Column("contact_key", Text, nullable=False, server_default=text("''"), info=PERSONAL),
    Column("may_contact", Boolean),
    Column("person", Text, info=PERSONAL),
    Column("erased", Boolean, nullable=False, server_default=text("false")),
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    Column("priority", Text, nullable=False, server_default=text("'normal'")),
    Column("rule_name", Text),
    Column("rules_version", BigInteger),
    Column("team_id", Uuid),
    Column("routed_to", ARRAY(Uuid), nullable=False, server_default=NO_TEXTS),
    Column("clocks", JSONB),
    Column("contact_steps", JSONB, nullable=False, server_default=text("'[]'")),
    Column("contact_steps_done", SmallInteger, nullable=False, server_default=text("0")),
    Column("close_steps", JSONB, nullable=False, server_default=text("'[]'")),
    Column("close_steps_done", SmallInteger, nullable=False, server_default=text("0")),
    Column("waiting_since", INSTANT),
    # The deadline of the case in ``clock``: set when it is another one than here.
    Column("next_step_at", INSTANT),
    UniqueConstraint("tenant", "number"),
    Index(
        "uq_cases_one_open_person",
        "tenant",
        "customer_id",
        "contact_key",
        unique=True,
        postgresql_where=text("state <> 'closed'"),
    ),
    Index("ix_cases_open", "tenant", "due_at", "id", postgresql_where=text("state <> 'closed'")),
    Index("ix_cases_closed", "tenant", "closed_at", "id", postgresql_where=text("state = 'closed'")),
    Index(None, "tenant", "opened_at", "id"),
    Index(None, "tenant", "customer_id"),
    Index(None, "tenant", "due_at", "id"),
    Index(None, "changed_at"),
)
case_answer = Table(
    "case_answer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("answer_id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    # The deadline in ``clock`` again, which alone decides; kept for the version before.
    Column("writing_until", INSTANT),
    Column("belongs", ARRAY(Text)),
    Index(None, "tenant", "case_id"),
    Index("ix_case_answer_writing", "writing_until", postgresql_where=text("writing_until IS NOT NULL")),
    comment="Each detractor answer belongs to one case; until when its customer may still be writing.",
)
timeline = Table(
    "timeline",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by_id", Uuid),
    Column("by_name", Text, nullable=False),
    Column("facts", JSONB, nullable=False, info=PERSONAL),
    Column("key", Text),
    Column("answers", ARRAY(Uuid)),
    Index(
        "uq_timeline_key", "tenant", "case_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")
    ),
    comment="What happened to a case. Only ever added to.",
)
case_request = Table(
    "case_request",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Index(None, "at"),
    comment="Requests that were carried out: the idempotency key, and the hash of what was asked for.",
)
answer_before = Table(
    "answer_before",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("score", SmallInteger, nullable=False),
    Column("comment", Text, info=PERSONAL),
    Column("follow_up", Text, info=PERSONAL),
    Column("replies", JSONB, nullable=False, server_default=text("'[]'"), info=PERSONAL),
    Column("changed_at", INSTANT, nullable=False),
    comment="What was sent of an answer before it was amended.",
)
staff = Table(
    "staff",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("segments", ARRAY(Text), nullable=False, server_default=NO_TEXTS),
    Column("password_hash", Text),
    Column("wants_mail", Boolean, nullable=False, server_default=text("true")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", INSTANT, nullable=False),
    Column("seen_at", INSTANT),
    Column("language", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("tenant", "address"),
    Index(None, "address"),
)
session = Table(
    "session",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("device", Text),
    Column("seen_at", INSTANT),
    UniqueConstraint("tenant", "digest"),
    Index(None, "tenant", "staff_id"),
)
sign_in_link = Table(
    "sign_in_link",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("used_at", INSTANT),
)
case_rules = Table(
    "case_rules",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("saved_at", INSTANT, nullable=False),
    Column("saved_by", Text, nullable=False),
)
team = Table(
    "team",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("body", JSONB, nullable=False),
)
calendar = Table(
    "calendar",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("body", JSONB, nullable=False),
)
absence = Table(
    "absence",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("since", INSTANT, nullable=False),
    Column("until", INSTANT, nullable=False),
    Column("deputy_id", Uuid),
)
# Triggers count it with each change of rules, teams, calendars, absences and people.
case_setup = Table(
    "case_setup",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
notification = Table(
    "notification",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("staff_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("answer_id", Uuid),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("due_at", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("created_at", INSTANT, nullable=False),
    Column("by_id", Uuid),
    Index(None, "tenant", "case_id"),
    Index("ix_notification_due", "due_at", postgresql_where=text("state IN ('waiting', 'sending')")),
    comment="Mails to colleagues: of a case, and invitations to sign in.",
)

for _table in (answer, invitation, cases):
    person_indexes(_table)

PERSONAL_TABLES = (
    PersonalTable(answer),
    PersonalTable(invitation, "CAST(convert_from(t.body, 'UTF8') AS jsonb) #>> '{customer,id}'"),
    PersonalTable(cases),
)
"""What is stored of customers; timelines, histories and notices hang on these."""
