"""The scorer's tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from shared.db.tables import NAMING_CONVENTION, kernel_tables
from shared.events.nps import HIGHEST_DETRACTOR, SCALE
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
retention_tables(metadata)
erased_table(metadata)

Bytewise = Text(collation="C")
"""For names that are read as ranges and cursors: ordered by bytes, as Python orders them."""
Instant = DateTime(timezone=True)

answer = Table(
    "answer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("version", BigInteger, nullable=False),
    # NULL: it does not count (only clicked, or a test).
    Column("score", SmallInteger),
    # The score before its last change.
    Column("was", SmallInteger),
    # The scores that it had, oldest first, and until when it had each. NULL: it was never amended, does not
    # count, or its event did not tell.
    Column("earlier_scores", ARRAY(SmallInteger)),
    Column("earlier_until", ARRAY(Instant)),
    Column("measurement", Text, nullable=False),
    Column("day", Date),
    # The segments that it counts in, beside the company.
    Column("segments", ARRAY(Text), nullable=False),
    Column("touchpoint", Text),
    Column("customer_id", Text, info=PERSONAL),
    Column("person", Text, info=PERSONAL),
    Column("contact_key", Text, info=PERSONAL),
    Column("comment", Text, info=PERSONAL),
    # To the follow-up and the further questions. NULL: none, or an earlier version of the code wrote it.
    Column("replies", JSONB(none_as_null=True), info=PERSONAL),
    Column("language", Text),
    # The themes that the comment names, and by which version of the company's themes it was matched.
    Column("themes", ARRAY(Text)),
    Column("theme_version", BigInteger, nullable=False, server_default=text("0")),
    # Of the themes those that a model found. NULL: none has labelled the comment.
    Column("model_themes", ARRAY(Text)),
    # The comment is to be sent to the model.
    Column("model_waits", Boolean, nullable=False, server_default=text("false")),
    Column("origin", Text, nullable=False),
    # Whether it came from one of the company's own networks. NULL: not known.
    Column("staff_network", Boolean),
    # Which one it was of its day's answers from what looked like one device, 3 at most. NULL: not known.
    Column("device_ordinal", SmallInteger),
    # Counted in a bundle. NULL: a version before migration 0018 counted it.
    Column("anonymous", Boolean),
    Column("answered_at", Instant),
    Column("changed_at", Instant, nullable=False),
    Column("heard_at", Instant, nullable=False),
    Index(None, "heard_at"),
    Index(None, "tenant", "answered_at", "id"),
    Index(None, "tenant", "measurement", "day"),
    Index(
        "ix_answer_personal",
        "tenant",
        "answered_at",
        postgresql_where=text("customer_id IS NOT NULL OR comment IS NOT NULL"),
    ),
    Index("ix_answer_theme_version", "tenant", "theme_version", postgresql_where=text("comment IS NOT NULL")),
    Index("ix_answer_model_waits", "tenant", "answered_at", postgresql_where=text("model_waits")),
    Index(
        "ix_answer_unhappy_comment",
        "tenant",
        "measurement",
        "day",
        postgresql_where=text(
            f"score <= {HIGHEST_DETRACTOR} AND (comment IS NOT NULL OR themes IS NOT NULL)"
        ),
    ),
    Index(
        "ix_answer_amended",
        "tenant",
        "measurement",
        "day",
        postgresql_where=text("earlier_scores IS NOT NULL"),
    ),
    Index(
        "ix_answer_pairs",
        text("pair_keys(tenant, measurement, day, segments)"),
        postgresql_using="gin",
        postgresql_where=text("score IS NOT NULL AND segments[cardinality(segments)] LIKE '%/%:%'"),
    ),
    Index("ix_answer_replies", "tenant", "answered_at", postgresql_where=text("replies IS NOT NULL")),
)

# Anonymous answers that are not counted yet.
waiting_answer = Table(
    "waiting_answer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("measurement", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("segments", ARRAY(Text), nullable=False),
    Column("body", LargeBinary, nullable=False, info=PERSONAL),
)

day_count = Table(
    "day_count",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    Column("day", Date, primary_key=True),
    *(Column(f"c{score}", BigInteger, nullable=False) for score in SCALE),
    Index(None, "tenant", "measurement", "day", "segment"),
    postgresql_with={"fillfactor": "70"},
)

# Sums of the days of each week, named by its Monday. Only triggers of ``day_count`` write it: migration 0002.
week_count = Table(
    "week_count",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("week", Date, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    *(Column(group, Integer, nullable=False) for group in ("detractors", "passives", "promoters")),
    postgresql_with={"fillfactor": "70"},
)

segment = Table(
    "segment",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    Column("dimension", Bytewise, nullable=False),
)

dimension = Table(
    "dimension",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("dimension", Bytewise, primary_key=True),
    Column("size", BigInteger, nullable=False),
    # Answers that do not count in this dimension, since it was full when their value came.
    Column("left_out", BigInteger, nullable=False, server_default="0"),
    Column("left_out_at", Instant),
)

# Declared pairs of dimensions: what lies in two segments at once is counted like a segment.
segment_pair = Table(
    "segment_pair",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("first", Bytewise, primary_key=True),
    Column("second", Bytewise, primary_key=True),
    Column("id", UUID, nullable=False),
    Column("state", Text, nullable=False),
    # What the loop goes through, and the last row of it that it has passed. NULL: it begins.
    Column("walk", Text, nullable=False),
    Column("last_id", UUID),
    Column("walked", BigInteger, nullable=False),
    Column("walked_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# Segments whose counts have changed, or whose day is new: their scores must be published.
changed = Table(
    "changed",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    Column("at", Instant, nullable=False),
    postgresql_with={"fillfactor": "50"},
)

# The day for which the scores of a company's segments were last published.
published_day = Table(
    "published_day",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("day", Date, nullable=False),
    # While a new day's segments are marked as changed: that day, and the last segment that is marked.
    Column("marking", Date),
    Column("marked", Bytewise),
)

# The last fall of each segment whose score ever fell.
fall = Table(
    "fall",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("first", Date, nullable=False),
    Column("found", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("n_before", Integer, nullable=False),
    Column("nps_before", Double, nullable=False),
    Column("n", Integer, nullable=False),
    Column("nps", Double, nullable=False),
    Column("judged_at", Instant, nullable=False),
    Index("ix_fall_fallen", "tenant", postgresql_where=text("state = 'fallen'")),
)

# Up to which day falls of each company were looked for.
fall_look = Table(
    "fall_look",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("day", Date, nullable=False),
)

# When each loop last ran, so that of several workers only one runs it.
pace = Table(
    "pace",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

invitation = Table(
    "invitation",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("measurement", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    # Nobody knows which of these were answered, so they are not counted among those that could be.
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    # Who was asked although not drawn counts in no score, and so not among those who could answer for it.
    Column("beyond_draw", Boolean, nullable=False, server_default=text("false")),
    Column("segments", ARRAY(Text), nullable=False),
    Column("sent_at", Instant),
    # What became of it, by which channel, and until when its link works. NULL: an earlier version of the code
    # wrote it; of ``report`` also: no provider has said anything of it.
    Column("state", Text),
    Column("channel", Text),
    Column("report", Text),
    Column("expires_at", Instant),
    # When it was sent, by the clocks of the company. NULL: it was not, or the company is not known yet.
    Column("sent_local", DateTime),
    # Of its answer, which may come first: then the row has version 0. Triggers of ``answer`` write these.
    Column("opened", Boolean, nullable=False, server_default=text("false")),
    Column("score", SmallInteger),
    Index(None, "tenant", "measurement", "sent_at"),
    Index(
        "ix_invitation_without_day",
        "tenant",
        postgresql_where=text("sent_local IS NULL AND sent_at IS NOT NULL"),
    ),
    postgresql_with={"fillfactor": "85"},
)

_GROUPS = ("detractors", "passives", "promoters")
_ASKED = ("asked", "delivered", "opened", "answered", *_GROUPS)

# Who was asked on each day, and what became of it. Triggers of ``invitation`` note each difference in
# ``asked_change`` (migration 0022), and a loop adds it here: the sum of both is true at any time.
asked_count = Table(
    "asked_count",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    Column("day", Date, primary_key=True),
    # Empty: not known.
    Column("channel", Text, primary_key=True),
    *(Column(number, Integer, nullable=False) for number in _ASKED),
    # Those of which the end of the link is not known, and the last end of the others.
    Column("endless", Integer, nullable=False),
    Column("ends", Instant),
    Index(None, "tenant", "measurement", "day", "segment"),
    postgresql_with={"fillfactor": "80"},
)

# The same of the company by the hour of the day, of all channels.
asked_hour = Table(
    "asked_hour",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("hour", SmallInteger, primary_key=True),
    *(Column(number, Integer, nullable=False) for number in _ASKED),
    postgresql_with={"fillfactor": "80"},
)

# ``n`` invitations that are alike in all this came, or (below zero) are no longer so.
asked_change = Table(
    "asked_change",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("measurement", Text, nullable=False),
    Column("hour", DateTime, nullable=False),
    Column("segments", ARRAY(Text), nullable=False),
    Column("channel", Text, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("opened", Boolean, nullable=False),
    Column("score", SmallInteger),
    Column("endless", Boolean, nullable=False),
    Column("ends", Instant),
    Column("n", Integer, nullable=False),
    postgresql_with={"autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "10000"},
)

# The answers whose comment names each theme, those with a comment, and those whose comment names any; as
# above from what triggers of ``answer`` note in ``theme_change``.
theme_count = Table(
    "theme_count",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("segment", Bytewise, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("theme", Bytewise, primary_key=True),
    *(Column(group, Integer, nullable=False) for group in _GROUPS),
    postgresql_with={"fillfactor": "80"},
)
theme_change = Table(
    "theme_change",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("measurement", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("segments", ARRAY(Text), nullable=False),
    Column("themes", ARRAY(Text), nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("n", Integer, nullable=False),
    postgresql_with={"autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "10000"},
)

survey = Table(
    "survey",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("survey_version", BigInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("stopped", Boolean, nullable=False),
)
case_copy = Table(
    "case_copy",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer_id", UUID, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("touchpoint", Text),
    Column("segments", ARRAY(Text), nullable=False),
    Column("owner", Text),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("closed_at", Instant),
    # NULL: it is open, or was closed before the scorer kept causes.
    Column("cause", Text),
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    Column("heard_at", Instant, nullable=False),
    Index(None, "tenant", "answer_id"),
    Index(None, "heard_at"),
    Index(None, "tenant", "due_at", postgresql_where=text("state <> 'closed'")),
    Index("ix_case_copy_cause", "tenant", "closed_at", postgresql_where=text("cause IS NOT NULL")),
)

# Actions of improvement. ``body`` is the newest event; names of the staff stand beside it.
improvement = Table(
    "improvement",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("due", Date, nullable=False),
    Column("segment", Bytewise, nullable=False),
    # The code of a cause; else there is a theme in free words.
    Column("cause", Text),
    Column("theme", Text),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    # NULL: removed, since it was too old, or not known after a restore.
    Column("owner", Text),
    # Who took each step, in their order.
    Column("step_names", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("body", LargeBinary, nullable=False),
    Index("ix_improvement_due", "tenant", "due", "id"),
)
# What became of the mails that told customers of an action; it names nobody.
improvement_mail = Table(
    "improvement_mail",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("mail_id", UUID, primary_key=True),
    Column("improvement_id", UUID, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    # A code, of one that a rule of ours refused; what mail servers say may name somebody, and is not kept.
    Column("reason", Text),
    Index("ix_improvement_mail_improvement", "tenant", "improvement_id"),
)
# Marks on the trend: what happened on a day, in words that name nobody.
mark = Table(
    "mark",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("day", Date, nullable=False),
    Column("text", Text, nullable=False),
    Column("segment", Bytewise, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_mark_day", "tenant", "day", "id"),
)

# Views of pages that people have saved; no customer is in one.
saved_view = Table(
    "saved_view",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    # Whose it is.
    Column("staff_id", UUID, nullable=False),
    Column("name", Text, nullable=False),
    # Path and query of the page.
    Column("address", Text, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("uq_saved_view_name", "tenant", "staff_id", "name", unique=True),
)
# Links by which a screen on a wall shows a saved view.
screen = Table(
    "screen",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("view_id", UUID, nullable=False),
    # Who made it: it shows what they may see.
    Column("staff_id", UUID, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    # To the minute; NULL: not yet.
    Column("used_at", Instant),
    Index("uq_screen_digest", "tenant", "digest", unique=True),
    Index("ix_screen_view", "tenant", "view_id"),
)
# Who gets a saved view every Monday.
view_mail = Table(
    "view_mail",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("view_id", UUID, primary_key=True),
    Column("staff_id", UUID, primary_key=True),
    Column("wanted_at", Instant, nullable=False),
    Index("ix_view_mail_person", "tenant", "staff_id"),
)
# Scores that others published, as somebody entered them; they name nobody.
benchmark = Table(
    "benchmark",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", UUID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("link", Text),
    Column("score", Double, nullable=False),
    # NULL: how many answers it is of is not known.
    Column("n", BigInteger),
    Column("first", Date),
    Column("last", Date, nullable=False),
    Column("measurement", Text, nullable=False),
    # What it stands beside: a segment, each value of a dimension, or, with both empty, the company.
    Column("segment", Bytewise, nullable=False),
    Column("dimension", Bytewise, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# The themes of a company that has changed those that we ship; ``body`` is JSON.
theme_set = Table(
    "theme_set",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# Whether themes are opened by themselves, and when comments were last looked at for that.
theme_finding = Table(
    "theme_finding",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("is_on", Boolean, nullable=False, server_default=text("true")),
    Column("looked_at", Instant),
)
# The themes that were opened by themselves, and what became of each: its words never open one again.
found_theme = Table(
    "found_theme",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    # As it is searched by: a stem.
    Column("stem", Text, primary_key=True),
    # Its id in the set of themes.
    Column("theme", Text, nullable=False),
    # proposed, kept, merged (its stem is another theme's now) or dropped.
    Column("state", Text, nullable=False),
    # Who shared the words when it was opened.
    Column("customers", Integer, nullable=False),
    Column("found_at", Instant, nullable=False),
    Column("decided_at", Instant),
)

# The companies whose comments are sent to the model of this installation.
theme_model = Table(
    "theme_model",
    metadata,
    Column("tenant", Text, primary_key=True),
    # To which their administrator agreed: scheme, host and port. With another one nothing is sent.
    Column("origin", Text, nullable=False),
    Column("switched_at", Instant, nullable=False),
    # From then on a worker may send some; until then one is sending.
    Column("turn_at", Instant, nullable=False),
)

# The newest total of the collector's answers of each day; ``body`` is the event's data.
collector_total = Table(
    "collector_total",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# Each recount of a company: how many counts and totals were compared, and how many differed.
audit_result = Table(
    "audit_result",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    # Of the company.
    Column("day", Date, nullable=False),
    Column("counts", Integer, nullable=False),
    Column("counts_differing", Integer, nullable=False),
    Column("totals", Integer, nullable=False),
    Column("totals_differing", Integer, nullable=False),
    # Not compared, since answers are on their way.
    Column("totals_waiting", Integer, nullable=False),
)

# Totals that differed when answers may have been on their way: the next round of the collector tells.
audit_doubt = Table(
    "audit_doubt",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# Which role, with which a company's own tools sign in, stands for which company: migration 0021.
bi_role = Table(
    "bi_role",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    # Whether it sees single answers, too.
    Column("reads_answers", Boolean, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Index(None, "role", unique=True),
)

person_indexes(answer)

PERSONAL_TABLES = (PersonalTable(answer),)
"""What is stored of customers; the other tables hold counts, or nothing of anybody."""
