"""The dispatcher's tables: the source of column names for statements and migrations alike."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKeyConstraint,
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
from shared.outbound.deliveries import delivery_table
from shared.outbound.mail_stream import stream_table
from shared.privacy.backfill import PersonalTable, person_indexes
from shared.privacy.columns import PERSONAL
from shared.privacy.erased import erased_table
from shared.privacy.persons import NOBODY
from shared.tenancy.retention import retention_tables
from shared.tenancy.tenants import tenant_tables

INSTANT = DateTime(timezone=True)

metadata = MetaData(naming_convention=NAMING_CONVENTION)
kernel_tables(metadata)
tenant_tables(metadata)
stream_table(metadata)
delivery_table(metadata)
retention_tables(metadata)
erased_table(metadata)

_outbox = metadata.tables["outbox"]
Index("ix_outbox_key", _outbox.c.key, postgresql_where=text("topic = 'invitations.v1'"))
Index("ix_outbox_case_mail", _outbox.c.key, postgresql_where=text("topic = 'case-mails.v1'"))
# Of mails from cases, which no claim looks for among those of surveys; what a colleague wrote comes first.
Index(
    "ix_delivery_case_mail",
    metadata.tables["delivery"].c.kind,
    metadata.tables["delivery"].c.due_at,
    postgresql_where=text("kind IN ('reply', 'update') AND state = 'waiting'"),
)

survey = Table(
    "survey",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("survey_version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("delay_minutes", Integer, nullable=False),
    Column("quarantine_days", Integer, nullable=False),
    Column("link_days", Integer, nullable=False),
    Column("max_age_days", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("made_from", Text),
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    Column("quarantine_scope", Text, nullable=False, server_default="any"),
    Column("touchpoint", Text),
    Column("reminders", LargeBinary, nullable=False, server_default="[]"),  # JSON
    Column("conditions", LargeBinary),
    Column("sampling_percent", Integer, nullable=False, server_default="100"),
    Column("programme", LargeBinary),
    Column("adaptive_sampling", LargeBinary),
    Column("neutral", Boolean, nullable=False, server_default=text("false")),
    Column("incentive", Boolean, nullable=False, server_default=text("false")),
    # Since when its state and whether it has a programme are as they are; NULL: always, or not known.
    Column("programme_since", INSTANT),
    Column("first_day_per_hour", Integer, nullable=False, server_default="50"),
    # When it could first ask customers; NULL: not yet, or a version that did not keep this started it.
    Column("first_live_at", INSTANT),
    Column("channels", ARRAY(Text), nullable=False, server_default="{mail}"),
    Column("sender_name", Text),
    Column("reply_to", Text),
    # Of one that is paused for the versions that know two states: what it is to the others.
    Column("stage", Text),
    # The version of its words with which it last asked; NULL: never, or not known.
    Column("live_version", Integer),
    Column("holding_minutes", Integer, nullable=False, server_default="0"),
    Column("recovery_days", Integer, nullable=False, server_default="30"),
    Column("stop_after_click", Boolean, nullable=False, server_default=text("false")),
    Column("draws_by", Text, nullable=False, server_default="address"),
    Index("ix_survey_programme", "tenant", "id", postgresql_where=text("programme IS NOT NULL")),
    Index("ix_survey_adaptive", "tenant", "id", postgresql_where=text("adaptive_sampling IS NOT NULL")),
    CheckConstraint("state IN ('live', 'paused')", name="state"),
    CheckConstraint("stage IN ('draft', 'rehearsal')", name="stage"),
    CheckConstraint("draws_by IN ('address', 'person')", name="draws_by"),
)
rehearsal = Table(
    "rehearsal",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("survey_id", Uuid, primary_key=True),
    Column("since", INSTANT, nullable=False),
    Column("result", LargeBinary, nullable=False),  # JSON
    Column("ended_at", INSTANT),
)
adaptive_share = Table(
    "adaptive_share",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("survey_id", Uuid, primary_key=True),
    # Empty: all of the survey's together, by which nobody is drawn.
    Column("segment", Text, primary_key=True),
    # For what it was computed: shares for anything else are not drawn by.
    Column("dimension", Text, nullable=False),
    Column("margin", Integer, nullable=False),
    Column("window_days", Integer, nullable=False),
    Column("percent", Integer, nullable=False),
    # Who was asked in the window, and who would have been, had everybody been drawn.
    Column("asked", Integer, nullable=False),
    Column("eligible", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("variance", Double, nullable=False),
    Column("response_rate", Double, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("computed_at", INSTANT, nullable=False),
)
survey_words = Table(
    "survey_words",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("survey_id", Uuid, primary_key=True),
    Column("survey_version", Integer, primary_key=True),
    Column("measurement", Text, nullable=False),
    Column("default_language", Text, nullable=False),
    Column("texts", LargeBinary, nullable=False),
    Column("written_at", INSTANT, nullable=False),
    Column("questions", LargeBinary, nullable=False, server_default=text("'[]'")),
    Column("layout", Text, nullable=False, server_default="horizontal"),
    Column("edit_hours", Integer, nullable=False, server_default="48"),
    # Whether these words are neutral, and their answers rewarded; NULL: a version that did not keep this
    # wrote them, and the survey's own rules count.
    Column("neutral", Boolean),
    Column("incentive", Boolean),
    Column("drafts", LargeBinary, comment="The rules that the survey had with these words, oldest first."),
    CheckConstraint("measurement IN ('transactional', 'relational', 'recovery')", name="measurement"),
    ForeignKeyConstraint(["tenant", "survey_id"], ["survey.tenant", "survey.id"]),
)
first_day = Table(
    "first_day",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("survey_id", Uuid, primary_key=True),
    # How many mails have left, or are to leave, in each hour since the day began.
    Column("counts", ARRAY(Integer), nullable=False),
    # When the first mail took a place; NULL: none has, or a version that did not keep this wrote the row.
    Column("began_at", INSTANT),
)
mail_destination = Table(
    "mail_destination",
    metadata,
    # A keyed hash of the domain that mails of all companies go to.
    Column("destination", LargeBinary, primary_key=True),
    Column("next_at", INSTANT, nullable=False),
    Column("line_until", INSTANT, nullable=False),
    Column("refused", Integer, nullable=False, server_default="0"),
    # Until when it gets few mails, since many came back by its rules about senders; NULL: none did.
    Column("held_until", INSTANT),
)
sending = Table(
    "sending",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("mode", Text, nullable=False, server_default="test"),
    Column("stopped", Boolean, nullable=False, server_default=text("false")),
    Column("test_addresses", ARRAY(Text), nullable=False, server_default="{}"),
    Column("changed_at", INSTANT, nullable=False),
    Column("placeholder_ids", ARRAY(Text), nullable=False, server_default="{}"),
    Column("version", BigInteger, nullable=False, server_default="1"),
    Column("published_version", BigInteger, nullable=False, server_default="0"),
    Index("ix_sending_unpublished", "tenant", postgresql_where=text("published_version < version")),
    CheckConstraint("mode IN ('test', 'live')", name="mode"),
)
sending_change = Table(
    "sending_change",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
)
mail_server = Table(
    "mail_server",
    metadata,
    # One row, of all companies: how the mail server encrypts, as a process that sends has found.
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("looked_at", INSTANT, nullable=False),
    Column("host", Text, nullable=False),
    Column("is_local", Boolean, nullable=False),
    Column("fault", Text),
    Column("detail", Text, nullable=False),
)
company_sender = Table(
    "company_sender",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("address", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    # When its records are looked for next.
    Column("check_at", INSTANT, nullable=False),
    Column("checked_at", INSTANT),
    # When all that it needs was first found; NULL: not yet, so nothing comes from it.
    Column("passed_at", INSTANT),
    Index(None, "check_at"),
)
company_sender_key = Table(
    "company_sender_key",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("sender_id", Uuid, primary_key=True),
    Column("selector", Text, primary_key=True),
    # The private key, encrypted (shared.sealed).
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    # When its record was first found, as long as it is there; NULL: nobody could verify what it signs.
    Column("seen_at", INSTANT),
    ForeignKeyConstraint(
        ["tenant", "sender_id"], ["company_sender.tenant", "company_sender.id"], ondelete="CASCADE"
    ),
)
webhook_copy = Table(
    "webhook_copy",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    comment="Of which types of messages the webhooks of a company are told.",
)
contact_policy = Table(
    "contact_policy",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("quiet_hours", JSONB, nullable=False),
    Column("sundays", Boolean, nullable=False),
    Column("holidays", Boolean, nullable=False),
    Column("cap_hours", Integer, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("counter_events", JSONB, nullable=False, server_default=text("'[]'")),
    Column("relational_distance_days", Integer, nullable=False, server_default=text("14")),
    Column("ask_with_open_case", Boolean, nullable=False, server_default=text("false")),
    Column("countries", JSONB, nullable=False, server_default=text("'[]'")),
    Column("ids_are_shared", Boolean, nullable=False, server_default=text("false")),
    Column("fewer_months", SmallInteger, nullable=False, server_default=text("6")),
    Column("sms_sundays", Boolean, nullable=False, server_default=text("false")),
    Column("sms_holidays", Boolean, nullable=False, server_default=text("false")),
)
suppression = Table(
    "suppression",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True, info=PERSONAL),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("canonical", Boolean, nullable=False, server_default=text("false")),
    Column("listed", Boolean, nullable=False, server_default=text("false")),
    # Whose the id is; or by whose erasure the address came here.
    Column("person", Text, info=PERSONAL),
    CheckConstraint("kind IN ('address', 'customer')", name="kind"),
    CheckConstraint("reason IN ('unsubscribed', 'listed', 'erased', 'bounced', 'complained')", name="reason"),
)
suppression_lift = Table(
    "suppression_lift",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False, info=PERSONAL),
    Column("was", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, info=PERSONAL),
    Column("person", Text, info=PERSONAL),
    Index(None, "tenant", "key"),
)
import_job = Table(
    "import_job",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("name", Text, nullable=False, info=PERSONAL),
    Column("digest", LargeBinary, nullable=False),
    Column("encoding", Text, nullable=False),
    Column("separator", Text, nullable=False),
    Column("columns", LargeBinary, nullable=False),  # JSON
    Column("mapping", LargeBinary, nullable=False),  # JSON
    Column("rows", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("next_part", Integer, nullable=False, server_default="0"),
    Column("done_rows", Integer, nullable=False, server_default="0"),
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("refused", Integer, nullable=False, server_default="0"),
    # Of the answers taken those that were not known.
    Column("added", Integer, nullable=False, server_default="0"),
    Column("has_cells", Boolean, nullable=False, server_default=text("true")),
    Column("language", Text, nullable=False),
    Column("who_kind", Text, nullable=False),
    Column("who_id", Text),
    Column("who_name", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("started_at", INSTANT),
    Column("ended_at", INSTANT),
    # A worker that reads a part holds it until then.
    Column("leased_until", INSTANT, nullable=False),
    CheckConstraint("kind IN ('events', 'customers', 'answers', 'suppressions')", name="kind"),
    CheckConstraint("state IN ('uploaded', 'running', 'done', 'stopped', 'expired')", name="state"),
    Index(
        "ix_import_job_digest",
        "tenant",
        "kind",
        "digest",
        unique=True,
        postgresql_where=text("state IN ('uploaded', 'running')"),
    ),
    Index("ix_import_job_running", "leased_until", postgresql_where=text("state = 'running'")),
)
import_part = Table(
    "import_part",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("import_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False, info=PERSONAL),  # JSON
)
import_fault = Table(
    "import_fault",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("import_id", Uuid, primary_key=True),
    Column("row", Integer, primary_key=True),
    Column("column_name", Text, nullable=False),
    Column("remedy", LargeBinary, nullable=False),  # JSON
    Column("cells", LargeBinary, info=PERSONAL),  # JSON; NULL: not kept any more
)
import_mapping = Table(
    "import_mapping",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("mapping", LargeBinary, nullable=False),  # JSON
    Column("changed_at", INSTANT, nullable=False),
)
contact_preference = Table(
    "contact_preference",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True, info=PERSONAL),
    Column("paused_until", INSTANT),
    Column("months", SmallInteger),
    Column("channel", Text),
    Column("changed_at", INSTANT, nullable=False),
    # Who chose it.
    Column("person", Text, nullable=False, info=PERSONAL),
    CheckConstraint("kind IN ('address', 'customer')", name="kind"),
    CheckConstraint("num_nonnulls(paused_until, months, channel) >= 1", name="any"),
    Index(None, "tenant", "person"),
)
customer = Table(
    "customer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True, info=PERSONAL),
    Column("invited_at", INSTANT),
    Column("asked_elsewhere_at", INSTANT),
    Column("address", Text, info=PERSONAL),
    Column("several", Boolean, nullable=False, server_default=text("false")),
    Column("invited_before", INSTANT),
    Column("person", Text, info=PERSONAL),
    # When the last mail to the contact began to leave, and which one it was.
    Column("last_mail_at", INSTANT),
    Column("last_mail", Text),
)
asked = Table(
    "asked",
    metadata,
    Column("tenant", Text, primary_key=True),
    # As ``customer.id``, on whose row this one hangs.
    Column("contact", Text, primary_key=True, info=PERSONAL),
    # The invitation's; of another system's, derived from what it was about.
    Column("id", Uuid, primary_key=True),
    Column("asked_at", INSTANT, nullable=False),
    # Whether another system asked.
    Column("elsewhere", Boolean, nullable=False),
    # NULL: it is not known, nor the rest, and counts in every scope.
    Column("measurement", Text),
    Column("touchpoint", Text),
    Column("survey_id", Uuid),
)
backfill = Table(
    "backfill",
    metadata,
    Column("name", Text, primary_key=True),
    Column("tenant", Text),
    Column("id", Uuid),
    Column("customer", Text),
)
ID_FORM = "customer_id_form(customer_id)"
"""A customer's id in one form, which migration 0018 defines like ``shared.values.text.normalized_text``."""
HAS_ANOTHER_FORM = r"""(customer_id COLLATE "C") !~ '^[!-~]+( [!-~]+)*$'"""
"""Whether the id may have another form: nearly none may."""
known_customer = Table(
    "known_customer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("person", Text, primary_key=True, info=PERSONAL),
    Column(
        "contact",
        Text,
        primary_key=True,
        comment="The keyed hash of an address; empty: came without.",
        info=PERSONAL,
    ),
    Column(
        "phone",
        Text,
        primary_key=True,
        comment="The keyed hash of a number; empty: came without.",
        info=PERSONAL,
    ),
    Column("customer_id", Text, nullable=False, info=PERSONAL),
    # When the customer last came so; that of events may be a month older, not that of imported answers.
    Column("known_at", INSTANT, nullable=False),
    Index("ix_known_customer_contact", "tenant", "contact", postgresql_where=text("contact <> ''")),
    Index("ix_known_customer_phone", "tenant", "phone", postgresql_where=text("phone <> ''")),
    Index("ix_known_customer_id_form", "tenant", text(ID_FORM), postgresql_where=text(HAS_ANOTHER_FORM)),
)
customer_profile = Table(
    "customer_profile",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("person", Text, primary_key=True, info=PERSONAL),
    Column("customer_id", Text, nullable=False, info=PERSONAL),
    Column("contact", Text, nullable=False, comment="The keyed hash of the address.", info=PERSONAL),
    # Empty: there is none, and ``contact`` is the keyed hash of the number.
    Column("email", Text, nullable=False, info=PERSONAL),
    Column("locale", Text, info=PERSONAL),
    Column("country", Text, info=PERSONAL),
    Column("time_zone", Text, info=PERSONAL),
    Column("segments", JSONB, nullable=False, info=PERSONAL),
    # When the customer came here first; ``known_at``: when what is here was said last, give or take a day.
    Column("joined_at", INSTANT, nullable=False),
    Column("known_at", INSTANT, nullable=False),
    # The newest evidence of each kind that the customer may be asked.
    Column("bases", JSONB, nullable=False, server_default=text("'{}'"), info=PERSONAL),
    # Of a mobile phone, in E.164; ``number`` is its keyed hash.
    Column("phone", Text, info=PERSONAL),
    Column("number", Text, info=PERSONAL),
)
wave = Table(
    "wave",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("survey_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("margin", Integer),
    Column("segments", JSONB, nullable=False),
    Column("start_at", INSTANT, nullable=False),
    Column("spread_hours", Integer, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("who", Text, nullable=False),
    Column("made_from", Text, nullable=False),
    Column("chosen", Integer),
    Column("place_limit", Text, comment="The highest place of those who are chosen, in hexadecimal digits."),
    Column("started_at", INSTANT),
    Column("position", Text, nullable=False, server_default=""),
    Column("published", Integer, nullable=False, server_default="0"),
    Column("ended_at", INSTANT),
    CheckConstraint("state IN ('waiting', 'publishing', 'done', 'stopped')", name="state"),
    Index("ix_wave_under_way", "tenant", "id", postgresql_where=text("state IN ('waiting', 'publishing')")),
)
programme = Table(
    "programme",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("survey_id", Uuid, primary_key=True),
    Column("every_days", Integer, nullable=False),
    Column("period", Text, nullable=False, comment="Its name, by which its events are known."),
    Column("began_at", INSTANT, nullable=False),
    Column("position", Text, nullable=False),
    Column("published", Integer, nullable=False, server_default="0"),
)
erasure = Table(
    "erasure",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("target", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("contact", Text),
    Column("who", Text, nullable=False),
    Column("reason", Text),
    Column("asked_for", ARRAY(Text), nullable=False, comment="The fields that named the customer."),
    Column(
        "names", ARRAY(Text), nullable=False, comment="Keyed hashes of all that the customer is named by."
    ),
    Column("fingerprint", Text, nullable=False, comment="A keyed hash of the request."),
    Column("asked_at", INSTANT, nullable=False),
    Index("uq_erasure_target", "tenant", "target", unique=True),
    Index("ix_erasure_asked_at", "tenant", "asked_at", "id"),
    Index("ix_erasure_names", "names", postgresql_using="gin"),
)
erasure_request = Table(
    "erasure_request",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True, comment="Derived from the idempotency key."),
    Column("fingerprint", Text, nullable=False, comment="A keyed hash of the request."),
    Column("erasure_id", Uuid, nullable=False, comment="With which it was answered."),
    Column("asked_at", INSTANT, nullable=False),
    Index(None, "asked_at"),
)
erasure_confirmation = Table(
    "erasure_confirmation",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("confirmed_at", INSTANT, nullable=False),
    Column("kept_at", INSTANT, nullable=False),
    Index(None, "kept_at"),
)
export_link = Table(
    "export_link",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("person", Text, nullable=False, info=PERSONAL),
    Column("contact", Text, comment="The one address that it shows; NULL: all of them.", info=PERSONAL),
    Column(
        "contacts",
        ARRAY(Text),
        nullable=False,
        comment="The addresses that were known when it was made.",
        info=PERSONAL,
    ),
    Column("who", Text, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("withdrawn_at", INSTANT),
    Index(None, "tenant", "person"),
)
dry_run = Table(
    "dry_run",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("made_at", INSTANT, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Index(None, "tenant", "made_at"),
)
decision = Table(
    "decision",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("decided_at", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False, info=PERSONAL),
    Column("customer_id", Text, nullable=False, info=PERSONAL),
    Column("person", Text, info=PERSONAL),
    Column("contact_key", Text, info=PERSONAL),
    Column("digest", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("survey_id", Uuid),
    Column(
        "fallen",
        ARRAY(Text),
        comment="The surveys that matched it and did not ask, each as id/rule; NULL: none, or not kept.",
    ),
    Column("invitation_id", Uuid),
    Column("segments", ARRAY(Text), nullable=False),
    Column("facts", LargeBinary, nullable=False, info=PERSONAL),
    Column("grounds", LargeBinary, nullable=False),
    # By which it asks, where that is not by mail.
    Column("channel", Text),
    # The event whose relational mail stands in place of the one about this event, on the same day.
    Column("relational_event_id", Uuid),
    # The event that a survey earlier in the order asks about, for which the mail about this event gave way.
    Column("outranking_event_id", Uuid),
    Column("difference", LargeBinary, info=PERSONAL),
    Column("difference_at", INSTANT),
    Column(
        "difference_person",
        Text,
        comment="Whose the difference is; NULL: there is none, or nobody's.",
        info=PERSONAL,
    ),
    Column(
        "difference_contact",
        Text,
        comment="The keyed hash of its address; empty: came without; NULL: not known.",
        info=PERSONAL,
    ),
    Index(None, "tenant", "decided_at", "event_id"),
    Index(None, "tenant", "source_id"),
    Index(None, "tenant", "customer_id"),
    Index(
        "ix_decision_channel",
        "tenant",
        "channel",
        "decided_at",
        "event_id",
        postgresql_where=text("channel IS NOT NULL"),
    ),
    Index(
        "ix_decision_relational_event",
        "tenant",
        "relational_event_id",
        postgresql_where=text("relational_event_id IS NOT NULL"),
    ),
    Index(
        "ix_decision_outranking_event",
        "tenant",
        "outranking_event_id",
        postgresql_where=text("outranking_event_id IS NOT NULL"),
    ),
    Index(
        "ix_decision_difference_person",
        "tenant",
        "difference_person",
        postgresql_where=text("difference_person IS NOT NULL"),
    ),
    # For the search: each filter's in the order of the list.
    Index("ix_decision_reason", "tenant", "reason", "decided_at", "event_id"),
    Index(
        "ix_decision_survey",
        *("tenant", "survey_id", "decided_at", "event_id"),
        postgresql_where=text("survey_id IS NOT NULL"),
    ),
    Index(
        "ix_decision_invitation",
        *("tenant", "invitation_id"),
        postgresql_where=text("invitation_id IS NOT NULL"),
    ),
    Index("ix_decision_segments", "segments", postgresql_using="gin"),
    Index(
        "ix_decision_fallen",
        "fallen",
        postgresql_using="gin",
        postgresql_where=text("fallen IS NOT NULL"),
    ),
    Index(
        "ix_decision_wave",
        *("tenant", "source", "reason"),
        postgresql_where=text("source LIKE 'afterword/wave/%'"),
    ),
)
invitation = Table(
    "invitation",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("customer_id", Text, nullable=False, info=PERSONAL),
    Column("person", Text, info=PERSONAL),
    Column("survey_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, info=PERSONAL),
    Column("test", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("next_at", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("sent_at", INSTANT),
    Column("anonymous", Boolean, nullable=False, server_default=text("false")),
    Column("changed_at", INSTANT, nullable=False),
    Column("body", LargeBinary, nullable=False, info=PERSONAL),
    # When its link ends; NULL: a version that did not keep this wrote it.
    Column("expires_at", INSTANT),
    # Whether it was so old that its customer was removed.
    Column("customer_removed", Boolean, nullable=False, server_default=text("false")),
    # As its decision has it; NULL: a version that did not keep this wrote it (see invitations/schedule.py).
    Column("decided_at", INSTANT),
    # By which draw its customer is asked; NULL: none, or a version that did not keep this wrote it.
    Column("drawn_percent", Integer),
    Column("beyond_draw", Boolean, nullable=False, server_default=text("false")),
    # The order that its event names; NULL: none, or a version that did not keep this wrote it.
    Column("order_id", Text, info=PERSONAL),
    CheckConstraint(
        "state IN ('waiting', 'sending', 'sent', 'withheld', 'dropped', 'failed', 'bounced', 'unknown')",
        name="state",
    ),
    Index(None, "id"),
    Index(None, "next_at", postgresql_where=text("state = 'waiting'")),
    Index(None, "lease_until", postgresql_where=text("state = 'sending'")),
    Index("ix_invitation_personal", "tenant", "id", postgresql_where=text("NOT customer_removed")),
    Index(None, "changed_at"),
    Index(None, "tenant", "state", "decided_at"),
    Index("ix_invitation_not_placed", "tenant", postgresql_where=text("decided_at IS NULL")),
    Index(
        "ix_invitation_sent",
        "tenant",
        "survey_id",
        "sent_at",
        postgresql_where=text("sent_at IS NOT NULL AND NOT test"),
    ),
    Index("ix_invitation_order", "tenant", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    Index(
        "ix_invitation_dropped",
        *("tenant", "reason", "decided_at"),
        postgresql_where=text("state = 'dropped'"),
    ),
)
invitation_change = Table(
    "invitation_change",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    # Which delivery of it; 1 is the first mail.
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", INSTANT, primary_key=True),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", INSTANT),
    # JSON: the values by which it was judged.
    Column("grounds", LargeBinary, nullable=False),
    CheckConstraint("what IN ('postponed', 'dropped', 'withheld')", name="what"),
)
bounce = Table(
    "bounce",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    # Which delivery of it; 1 is the first mail.
    Column("n", Integer, primary_key=True, autoincrement=False),
    # Of each kind a mail has one, whoever reports it how often.
    Column("kind", Text, primary_key=True),
    Column("at", INSTANT, nullable=False),
    # The enhanced status code (RFC 3463), where there was one.
    Column("status", Text),
    # By which way the report came.
    Column("source", Text, nullable=False),
    # Whether the address was suppressed for it.
    Column("dropped", Boolean, nullable=False),
    CheckConstraint("kind IN ('hard', 'soft', 'policy', 'complaint')", name="kind"),
    Index(None, "at"),
)
text_back = Table(
    "text_back",
    metadata,
    # Each kind of text is sent back once about an invitation, whatever its customer replies.
    Column("tenant", Text, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", INSTANT, nullable=False),
    CheckConstraint("kind IN ('help', 'again', 'reason')", name="kind"),
    Index(None, "at"),
)
text_reply = Table(
    "text_reply",
    metadata,
    # The newest reply of each kind about an invitation; of what it said only the number is kept, until done.
    Column("tenant", Text, primary_key=True),
    Column("invitation_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("score", Integer),
    Column("by_number", Boolean, nullable=False),
    Column("said_at", INSTANT, nullable=False),
    Column("came_at", INSTANT, nullable=False),
    # NULL: it is answered.
    Column("next_at", INSTANT),
    Column("leased_until", INSTANT),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    CheckConstraint("kind IN ('help', 'unclear', 'score')", name="kind"),
    Index(None, "next_at", postgresql_where=text("next_at IS NOT NULL")),
    Index(None, "came_at"),
)
webhook_token = Table(
    "webhook_token",
    metadata,
    # Of a provider's request, which is taken once.
    Column("provider", Text, primary_key=True),
    # Its SHA-256.
    Column("token", Text, primary_key=True),
    Column("seen_at", INSTANT, nullable=False),
    Index(None, "seen_at"),
)
counter_event = Table(
    "counter_event",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("effect", Text, nullable=False),
    Column("occurred_at", INSTANT, nullable=False),
    # When it was consumed: what waited then is countered, too.
    Column("known_at", INSTANT, nullable=False),
    Column("hold_until", INSTANT),
    Column("order_id", Text, info=PERSONAL),
    Column("person", Text, nullable=False, info=PERSONAL),
    Column("contact", Text, info=PERSONAL),
    CheckConstraint("scope IN ('order', 'customer')", name="scope"),
    CheckConstraint("effect IN ('cancel', 'hold')", name="effect"),
    Index("ix_counter_event_order", "tenant", "order_id", postgresql_where=text("order_id IS NOT NULL")),
    Index("ix_counter_event_contact", "tenant", "contact", postgresql_where=text("contact IS NOT NULL")),
    Index(None, "known_at"),
)
countered = Table(
    "countered",
    metadata,
    Column("tenant", Text, primary_key=True),
    # Whose mail was cancelled or held, by which event.
    Column("event_id", Uuid, primary_key=True),
    Column("counter_id", Uuid, primary_key=True),
    # Which delivery about it; 1 is the first mail, also where it was never made.
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("effect", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("until", INSTANT),
    CheckConstraint("effect IN ('cancel', 'hold')", name="effect"),
    Index(None, "tenant", "counter_id"),
    # Of searches of a version before migration 0041.
    Index(
        "ix_countered_cancelled", "tenant", "event_id", postgresql_where=text("effect = 'cancel' AND n = 1")
    ),
)
HELD_ANSWER = "held"
"""The state, here alone, of an answer that may be a machine's and was not judged a person's."""
answer_heard = Table(
    "answer_heard",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("score", Integer),
    Column("test", Boolean, nullable=False),
    Column("clicked_at", INSTANT),
    Column("saved_at", INSTANT),
    Column("sent_at", INSTANT),
    Column("heard_at", INSTANT, nullable=False),
    Index(None, "tenant", "event_id"),
    Index(None, "heard_at"),
)
case_heard = Table(
    "case_heard",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("person", Text, info=PERSONAL),
    Column("contact_key", Text, info=PERSONAL),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text),
    Column("cause", Text),
    Column("outcome", Text),
    Column("opened_at", INSTANT, nullable=False),
    Column("closed_at", INSTANT),
    # What its customer last said about being contacted; NULL: nothing, or a version before kept the case.
    Column("may_contact", Boolean),
    Column("heard_at", INSTANT, nullable=False),
    # From here on what is needed to ask its customer again; NULL: a version that did not keep this wrote it.
    Column("score", SmallInteger),
    Column("stage", Text),
    Column("anonymous", Boolean),
    Column("first_contact_at", INSTANT),
    Column("reopened_at", INSTANT),
    Column("segments", JSONB),
    Column("organisation", ARRAY(Text)),
    # The surveys that have asked its customer again.
    Column("asked_again", ARRAY(Uuid), nullable=False, server_default="{}"),
    Index(None, "tenant", "event_id"),
    Index(None, "heard_at"),
    Index("ix_case_heard_closed", "tenant", "closed_at", postgresql_where=text("state = 'closed'")),
    Index("ix_case_heard_open", "tenant", postgresql_where=text("state <> 'closed'")),
    Index("ix_case_heard_open_contact", "tenant", "contact_key", postgresql_where=text("state <> 'closed'")),
)
case_mail = Table(
    "case_mail",
    metadata,
    Column("tenant", Text, primary_key=True),
    # Made by the client that wrote it; of an update, of the action and the person.
    Column("id", Uuid, primary_key=True),
    # What it is: ``reply`` is written by a colleague to one customer; ``update`` tells of an improvement.
    Column("kind", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("case_id", Uuid, nullable=False),
    Column("case_number", BigInteger, nullable=False),
    # Its invitation, too, whose customer it goes to.
    Column("answer_id", Uuid, nullable=False),
    # Of an update: the action that it tells of.
    Column("improvement_id", Uuid),
    Column("customer_id", Text, info=PERSONAL),
    Column("person", Text, nullable=False, info=PERSONAL),
    Column("contact_key", Text, info=PERSONAL),
    Column("written_at", INSTANT, nullable=False),
    # Its words as JSON, until it is settled.
    Column("body", LargeBinary, info=PERSONAL),
    Column("changed_at", INSTANT, nullable=False),
    CheckConstraint("state IN ('waiting', 'sent', 'refused', 'failed', 'bounced', 'unknown')", name="state"),
    # By its signed reference, which leads to its company.
    Index(None, "id"),
    Index(None, "changed_at"),
    Index("ix_case_mail_waiting", "tenant", "id", postgresql_where=text("state = 'waiting'")),
    Index(
        "ix_case_mail_improvement",
        *("tenant", "improvement_id", "person"),
        postgresql_where=text("improvement_id IS NOT NULL"),
    ),
    comment="Mails from cases to customers: their words until they are settled, and what became of each.",
)
mail_back = Table(
    "mail_back",
    metadata,
    Column("tenant", Text, primary_key=True),
    # The mail from a case that it answers.
    Column("mail_id", Uuid, primary_key=True),
    # Made of its Message-ID, or of all that it says.
    Column("id", Uuid, primary_key=True),
    Column("came_at", INSTANT, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Index(None, "came_at"),
    comment="Mails of customers that were taken, each once; what they say is told to alerts, and not kept.",
)
improvement_copy = Table(
    "improvement_copy",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    # NULL: its theme is no cause, and names nobody's case.
    Column("cause", Text),
    Column("segment", Text, nullable=False),
    # The first day of its baseline, by the company's clock.
    Column("first_day", Date, nullable=False),
    # What customers are told, by language.
    Column("texts", JSONB, nullable=False),
    # Since when; NULL: they are told nothing.
    Column("published_at", INSTANT),
    Index("ix_improvement_copy_published", "published_at", postgresql_where=text("published_at IS NOT NULL")),
    comment="Actions of improvement, as far as it is needed to tell customers of them.",
)

audit_line = Table(
    "audit_line",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("who", Text, nullable=False),
    Column("who_kind", Text, nullable=False, server_default=text("'staff'")),
    Column("who_id", Text),
    Column("act", Text, nullable=False),
    Column("about", Text),
    Column("facts", JSONB, nullable=False),
    Index(None, "tenant", "at", "id"),
    Index("ix_audit_line_tenant_about", "tenant", "about", postgresql_where=text("about IS NOT NULL")),
)

for _table in (
    *(decision, invitation, customer, suppression, suppression_lift, case_heard, counter_event, case_mail),
):
    person_indexes(_table)

CUSTOMER_KEY = "CASE t.kind WHEN 'customer' THEN t.key END"
CASE_CUSTOMER = f"""(
    SELECT d.customer_id FROM decision d
    WHERE d.tenant = t.tenant AND d.event_id = t.event_id AND d.person IS DISTINCT FROM '{NOBODY}'
)"""
PERSONAL_TABLES = (
    PersonalTable(decision),
    PersonalTable(invitation),
    PersonalTable(customer, "t.id"),
    PersonalTable(suppression, CUSTOMER_KEY),
    PersonalTable(suppression_lift, CUSTOMER_KEY),
    PersonalTable(case_heard, CASE_CUSTOMER),
)
"""What is stored of customers; the other tables hang on these, or hold nothing of anybody."""
