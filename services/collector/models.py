"""The collector's tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.db.tables import NAMING_CONVENTION, kernel_tables
from shared.privacy.backfill import PersonalTable, person_indexes
from shared.privacy.columns import PERSONAL
from shared.privacy.erased import erased_table
from shared.tenancy.retention import retention_tables
from shared.tenancy.tenants import tenant_tables

metadata = MetaData(naming_convention=NAMING_CONVENTION)
kernel_tables(metadata)
tenant_tables(metadata)
retention_tables(metadata)
erased_table(metadata)

survey = Table(
    "survey",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("survey_version", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

invitation = Table(
    "invitation",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("survey_id", Uuid, nullable=False),
    Column("survey_version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False, info=PERSONAL),
    # When its link ends; NULL: a version that did not keep this wrote it.
    Column("expires_at", DateTime(timezone=True)),
    # Whether it was so old that its customer was removed.
    Column("customer_removed", Boolean, nullable=False, server_default=text("false")),
    Column("person", Text, info=PERSONAL),
    Index(None, "id"),
    Index("ix_invitation_personal", "tenant", "id", postgresql_where=text("NOT customer_removed")),
)

intent = Table(
    "intent",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("visits", Integer, nullable=False),
    Column("score", SmallInteger),
    Column("seen", JSONB, nullable=False),
    Column("flag", Text),
    postgresql_with={"fillfactor": "80"},
)

answer = Table(
    "answer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("score", SmallInteger),
    Column("comment", Text, info=PERSONAL),
    Column("follow_up_question", Text),
    Column("follow_up", Text, info=PERSONAL),
    Column("may_contact", Boolean),
    Column("customer_id", Text, info=PERSONAL),
    Column("survey_id", Uuid),
    Column("survey_version", Integer),
    Column("event_id", Uuid),
    Column("measurement", Text, nullable=False),
    Column("touchpoint", Text),
    Column("segments", JSONB, nullable=False),
    Column("organisation", JSONB, nullable=False),
    Column("language", Text),
    Column("day", Date),
    Column("invited_at", DateTime(timezone=True)),
    Column("answered_at", DateTime(timezone=True)),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("within", JSONB, nullable=False),
    Column("page", Text),
    Column("page_seq", Integer),
    Column("contact_key", Text, info=PERSONAL),
    Column("person", Text, info=PERSONAL),
    Column("erased", Boolean, nullable=False, server_default=text("false")),
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    Column("replies", JSONB, nullable=False, server_default=text("'[]'"), info=PERSONAL),
    # How it was given; NULL: a version that did not keep this wrote it, or it is not known.
    Column("layout", Text),
    Column("channel", Text),
    Column("seconds_to_score", Integer),
    Column("staff_network", Boolean),
    Column("device_ordinal", SmallInteger),
    # Why it may be a machine's, and whose a person says that it is.
    Column("signs", JSONB, nullable=False, server_default=text("'[]'")),
    Column("judgement", Text),
    # By which draw its customer was asked; NULL: none, or a version that did not keep this wrote it.
    Column("drawn_percent", Integer),
    Column("beyond_draw", Boolean, nullable=False, server_default=text("false")),
    # Of an imported one. NULL: it names no number, or a version that did not keep this wrote it.
    Column("number_key", Text, info=PERSONAL),
    # To how its case ended.
    Column("objections", JSONB, nullable=False, server_default=text("'[]'"), info=PERSONAL),
    # The scores that it had; those of before the version that keeps this are from its history.
    Column("earlier_scores", JSONB, nullable=False, server_default=text("'[]'")),
    # By which share link it came. NULL: by none, or a version that did not keep this wrote it.
    Column("share_link_id", Uuid),
    CheckConstraint("score BETWEEN 0 AND 10", name="score"),
    CheckConstraint(
        "(score IS NULL) = (state = 'clicked') AND (score IS NULL) = (day IS NULL) "
        "AND (score IS NULL) = (answered_at IS NULL)",
        name="accepted",
    ),
    postgresql_with={"fillfactor": "85"},
)
Index("ix_answer_tenant_answered_at_id", answer.c.tenant, answer.c.answered_at, answer.c.id)

Index(
    "ix_answer_suspect",
    answer.c.tenant,
    answer.c.answered_at,
    answer.c.id,
    postgresql_where=text("signs <> '[]'"),
)
Index(
    "ix_answer_share_link",
    answer.c.tenant,
    answer.c.share_link_id,
    answer.c.answered_at,
    answer.c.id,
    postgresql_where=text("share_link_id IS NOT NULL"),
)
Index("ix_answer_unsent", answer.c.day, postgresql_where=text("anonymous AND state = 'saved'"))

# Which links of anonymous surveys were answered, on which day. The claim, which only the browser that
# answered can make again, and the day are deleted a few days later; nothing here leads to the answer.
answered_link = Table(
    "answered_link",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    Column("day", Date),
    Column("claim", LargeBinary),
    Index("ix_answered_link_claimed", "day", postgresql_where=text("claim IS NOT NULL")),
)

answer_history = Table(
    "answer_history",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("answer_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("state", Text, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("comment", Text, info=PERSONAL),
    Column("follow_up_question", Text),
    Column("follow_up", Text, info=PERSONAL),
    Column("may_contact", Boolean),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("replies", JSONB, nullable=False, server_default=text("'[]'"), info=PERSONAL),
)

case_copy = Table(
    "case_copy",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("first_contact_at", DateTime(timezone=True)),
    # NULL: an event of a version that told none.
    Column("stage", Text),
    Column("waits_until", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    # The other answers that belong to it.
    Column("later_answers", JSONB, nullable=False, server_default=text("'[]'")),
    Index(None, "tenant", "answer_id"),
    Index("ix_case_copy_later_answers", "later_answers", postgresql_using="gin"),
)

# An open link: whoever has it answers, and nobody is known.
share_link = Table(
    "share_link",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("survey_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("segments", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("per_day", Integer),
    Column("in_all", Integer),
    Column("one_per_device", Boolean, nullable=False),
    # How many answers have each score from 0 to 10 now.
    Column("scores", JSONB, nullable=False),
    # The day of the last new answer, and how many came that day.
    Column("day", Date),
    Column("answers_of_day", Integer, nullable=False, server_default=text("0")),
    Column("version", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('live', 'paused', 'ended')", name="state"),
    Index("ix_share_link_code", "code", unique=True),
    Index("ix_share_link_tenant_created_at", "tenant", "created_at"),
)

# What was published of the totals of each day's answers; ``body`` is the event's data.
answer_total = Table(
    "answer_total",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    # Of the ids and versions of the answers that it counts. NULL: not known, as after a restore.
    Column("versions_hash", BigInteger),
    Column("body", LargeBinary, nullable=False),
)

# How many answers came from each device, by the hash of a salt of the day: both only until the company's day
# ends, and not in the log of the database, so in no archive of that; a dump of the day would have them.
device_salt = Table(
    "device_salt",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)
device_count = Table(
    "device_count",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("device", LargeBinary, primary_key=True),
    Column("answers", SmallInteger, nullable=False),
    Column("ends_at", DateTime(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)

# The last run of a loop that one worker at a time runs.
pace = Table(
    "pace",
    metadata,
    Column("name", Text, primary_key=True),
    Column("round", BigInteger, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    # NULL: it runs, or its worker died.
    Column("finished_at", DateTime(timezone=True)),
)

for _table in (answer, invitation):
    person_indexes(_table)

PERSONAL_TABLES = (
    PersonalTable(answer),
    PersonalTable(invitation, "CAST(convert_from(t.body, 'UTF8') AS jsonb) ->> 'customer_id'"),
)
"""What is stored of customers; histories and visits hang on these."""
