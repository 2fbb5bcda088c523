"""The tables of alerts as the migrations make them; bulk statements take names and types from here."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

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
    # Its segments, if a letter to colleagues may quote its comment; NULL, too: written by an earlier version.
    Column("comment_belongs", ARRAY(Text)),
    Index(None, "tenant", "customer_id", "answered_at"),
    Index(None, "tenant", "answered_at"),
    Index(
        "ix_answer_with_comment",
        "tenant",
        "answered_at",
        postgresql_where=text("comment_belongs IS NOT NULL"),
    ),
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
    # The case whose customer it asks again.
    Column("recovery_of", Uuid),
    Index("ix_invitation_personal", "tenant", "id", postgresql_where=text("NOT customer_removed")),
    Index(
        "ix_invitation_recovery_of", "tenant", "recovery_of", postgresql_where=text("recovery_of IS NOT NULL")
    ),
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
    # By which the time that is left counted when its clocks were paused.
    Column("waiting_calendar", JSONB),
    Column("wake_at", INSTANT),
    Column("last_worked_at", INSTANT),
    Column("reopened_at", INSTANT),
    Column("merged_into", Uuid),
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
    # By which it is found. NULL: they are written next; answer and invitation set it when they change.
    Column("words", TSVECTOR, info=PERSONAL),
    Index(None, "tenant", "case_id"),
    Index("ix_case_answer_words", "words", postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    Index("ix_case_answer_without_words", "tenant", postgresql_where=text("words IS NULL")),
    Index("ix_case_answer_writing", "writing_until", postgresql_where=text("writing_until IS NOT NULL")),
    comment="Each detractor answer belongs to one case; until when its customer may still be writing.",
)
saved_filter = Table(
    "saved_filter",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("saved_at", INSTANT, nullable=False),
    comment="Lists of cases that people have saved; no customer is in one.",
)
case_viewer = Table(
    "case_viewer",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("seen_at", INSTANT, nullable=False),
    Index(None, "tenant", "staff_id", "seen_at"),
    comment="Who has a case open: when their page last said so.",
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
case_mail = Table(
    "case_mail",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid, nullable=False),
    # ``out``: to the customer; ``in``: of the customer.
    Column("direction", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The mail that it is, or answers.
    Column("reply_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("fingerprint", Text, nullable=False),
    Column("answers", ARRAY(Uuid), nullable=False),
    Column("written_at", INSTANT, nullable=False),
    Index(None, "tenant", "case_id"),
    comment="Mails between cases and customers, and what became of each; their words are in the timeline.",
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
    Column("by_provider", Boolean, nullable=False, server_default=text("false")),
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
second_factor = Table(
    "second_factor",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("begun_at", INSTANT, nullable=False),
    Column("confirmed_at", INSTANT),
    # The step of the last code that was taken: neither it nor an earlier one is taken again.
    Column("last_step", BigInteger, nullable=False, server_default=text("0")),
)
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("used_at", INSTANT),
)
sign_in_rule = Table(
    "sign_in_rule",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("second_factor_required", Boolean, nullable=False, server_default=text("false")),
)
identity_provider = Table(
    "identity_provider",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("claims", JSONB, nullable=False),
    Column("provisions", Boolean, nullable=False),
    Column("trusts_addresses", Boolean, nullable=False),
    Column("only_way", Boolean, nullable=False, server_default=text("false")),
    Column("changed_at", INSTANT, nullable=False),
)
provider_subject = Table(
    "provider_subject",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    Column("linked_at", INSTANT, nullable=False),
    Index(None, "tenant", "staff_id"),
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
case_tool = Table(
    "case_tool",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("body", JSONB, nullable=False),
    comment="Text blocks, names and units of attributes, and links into the systems of companies.",
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
    Column("webhook_id", Uuid),
    # What the kind needs beside the columns here: ids and facts, nothing of a customer.
    Column("about", JSONB),
    # NULL: a version that knew mails alone wrote it, and has its delivery made by a trigger.
    Column("channel", Text),
    # The digest in which it is told; NULL: by a delivery of its own.
    Column("digest_id", Uuid),
    # The browser that takes it, of a push message.
    Column("subscription_id", Uuid),
    Index(None, "tenant", "case_id"),
    Index("ix_notification_digest", "tenant", "digest_id", postgresql_where=text("digest_id IS NOT NULL")),
    Index("ix_notification_due", "due_at", postgresql_where=text("state IN ('waiting', 'sending')")),
    comment="Mails to colleagues: of a case, and invitations to sign in.",
)
notice_choice = Table(
    "notice_choice",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    comment="Of what each person wants to be told, where and when; without a row by the defaults.",
)
push_subscription = Table(
    "push_subscription",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("staff_id", Uuid, nullable=False),
    # It ends with the session in which it was made.
    Column("session_id", Uuid, nullable=False),
    # Of its address: a browser has one, whoever signs in there.
    Column("digest", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("device", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("taken_at", INSTANT),
    # Who serves its lane, and until when nobody else may; how often in a row and since when it takes nothing.
    Column("lease_id", Uuid),
    Column("lease_until", INSTANT),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", INSTANT),
    Column("rests_until", INSTANT),
    Index(None, "tenant", "staff_id"),
    Index("uq_push_subscription_digest", "digest", unique=True),
    comment="Browsers that take push messages; their addresses and keys are sealed.",
)
webhook = Table(
    "webhook",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("off_reason", Text),
    Column("types", ARRAY(Text), nullable=False),
    Column("segments", ARRAY(Text), nullable=False, server_default=NO_TEXTS),
    Column("sealed", LargeBinary, nullable=False),
    Column("sealed_before", LargeBinary),
    Column("before_until", INSTANT),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("failing_since", INSTANT),
    # Who serves its lane, and until when nobody else may.
    Column("lease_id", Uuid),
    Column("lease_until", INSTANT),
    Column("served_at", INSTANT),
    comment="Endpoints of companies, with their secrets sealed.",
)
webhook_delivery_seq = Sequence("webhook_delivery_seq", metadata=metadata)
webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("webhook_id", Uuid, primary_key=True),
    Column("message_id", Text, primary_key=True),
    # The order of its lane; one that is sent again gets a new number.
    Column("seq", BigInteger, nullable=False, server_default=webhook_delivery_seq.next_value()),
    Column("type", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("person", Text, info=PERSONAL),
    Column("contact", Text, info=PERSONAL),
    # As it is signed and sent; NULL: its customer was erased, or removed since it is old.
    Column("body", LargeBinary, info=PERSONAL),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", INSTANT, nullable=False),
    Column("next_at", INSTANT, nullable=False),
    Column("tried_at", INSTANT),
    Column("settled_at", INSTANT),
    Column("status", Integer),
    Column("fault", Text),
    Column("duration_ms", Integer),
    Column("excerpt", Text, info=PERSONAL),
    Index("ix_webhook_delivery_seq", "tenant", "webhook_id", "seq"),
    Index(
        "ix_webhook_delivery_lane",
        "tenant",
        "webhook_id",
        "seq",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_webhook_delivery_about", "tenant", "webhook_id", "about"),
    Index(None, "tenant", "created_at"),
    comment="Messages to webhooks: what was told, and what became of it.",
)
segment_fall = Table(
    "segment_fall",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    comment="The newest version of each fall of a segment's score that was heard of.",
)
segment_alert = Table(
    "segment_alert",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("measurement", Text, nullable=False),
    Column("segment", Text, nullable=False),
    Column("belongs", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("first", Date, nullable=False),
    Column("found", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("n_before", Integer, nullable=False),
    Column("nps_before", Double, nullable=False),
    Column("n", Integer, nullable=False),
    Column("nps", Double, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("acknowledged_at", INSTANT),
    Column("acknowledged_by", Text),
    Column("closed_at", INSTANT),
    Column("closed_by", Text),
    Column("ended", Text),
    # By a colleague, about the segment.
    Column("note", Text),
    Index(None, "tenant", "opened_at", "id"),
    Index(
        "uq_segment_alert_one_open",
        "tenant",
        "measurement",
        "segment",
        unique=True,
        postgresql_where=text("state <> 'closed'"),
    ),
    comment="Alerts on segments whose score has fallen.",
)
webhook_types = Table(
    "webhook_types",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    comment="What the webhooks of a company ask for, as it was last published.",
)
webhook_erasure = Table(
    "webhook_erasure",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("erasure_id", Uuid),
    Column("confirmed", ARRAY(Text), nullable=False, server_default=NO_TEXTS),
    Column("kept_at", INSTANT, nullable=False),
    comment="Which services have confirmed erasures, of companies that are told when one is done.",
)
incident = Table(
    "incident",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("segment", Text, nullable=False),
    # The case by which it became one.
    Column("case_id", Uuid, nullable=False),
    Column("began_at", INSTANT, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    # Until when it goes on, by what customers have said so far; NULL: written by an earlier version.
    Column("runs_until", INSTANT),
    Column("ended_at", INSTANT),
    Index("ix_incident_going_on", "tenant", postgresql_where=text("ended_at IS NULL")),
    Index(None, "tenant", "opened_at"),
    comment="Many cases of one segment within minutes, which are told as one.",
)
incident_case = Table(
    "incident_case",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("said_at", INSTANT, nullable=False),
    Column("segments", ARRAY(Text), nullable=False),
    Column("incident_id", Uuid),
    Index(None, "tenant", "said_at"),
    Index(None, "tenant", "incident_id"),
    Index("ix_incident_case_uncounted", "said_at", postgresql_where=text("incident_id IS NULL")),
    comment="When the customers of cases answered: those that are counted, or belong to an incident.",
)
segment_score = Table(
    "segment_score",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("measurement", Text, primary_key=True),
    Column("until", Date, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("n", Integer, nullable=False),
    Column("nps", Double),
    Index(None, "until"),
    comment="Copies of scores: of each segment the last one of each day of the last weeks.",
)
chat_channel = Table(
    "chat_channel",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("shown", Text, nullable=False),
    Column("topics", ARRAY(Text), nullable=False),
    Column("segments", ARRAY(Text), nullable=False, server_default=NO_TEXTS),
    Column("team_id", Uuid),
    Column("language", Text, nullable=False, server_default=text("''")),
    Column("state", Text, nullable=False),
    Column("off_reason", Text),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("failing_since", INSTANT),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("resume_at", INSTANT),
    # Who serves its lane, and until when nobody else may.
    Column("lease_id", Uuid),
    Column("lease_until", INSTANT),
    Column("served_at", INSTANT),
    comment="Channels of companies in Slack and Microsoft Teams, with their addresses sealed.",
)
chat_message_seq = Sequence("chat_message_seq", metadata=metadata)
chat_message = Table(
    "chat_message",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("channel_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, nullable=False, server_default=chat_message_seq.next_value()),
    Column("kind", Text, nullable=False),
    # Ids of ours, of which its words are made when it leaves; nothing of a customer.
    Column("about", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", INSTANT, nullable=False),
    Column("settled_at", INSTANT),
    Column("status", Integer),
    Column("fault", Text),
    Index("ix_chat_message_seq", "tenant", "channel_id", "seq"),
    Index(
        "ix_chat_message_lane",
        "tenant",
        "channel_id",
        "seq",
        postgresql_where=text("state IN ('waiting', 'sending')"),
    ),
    Index(None, "tenant", "created_at"),
    comment="Messages to chat channels: what each is about, and what became of it.",
)

promise = Table(
    "promise",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("team_id", Uuid, nullable=False),
    # The Monday of its week.
    Column("week", Date, nullable=False),
    # By a colleague, about the team's work.
    Column("text", Text, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("due", Date, nullable=False),
    Column("made_at", INSTANT, nullable=False),
    Column("done_at", INSTANT),
    Index(None, "tenant", "team_id", "week"),
    comment="What teams have promised in their weekly huddles, and whether it was kept.",
)

view_mail_week = Table(
    "view_mail_week",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("monday", Date, primary_key=True),
    Column("try_at", INSTANT, nullable=False),
    # Then the mails that are not queued yet are left out.
    Column("give_up_at", INSTANT, nullable=False),
    # NULL: the scorer is still to be asked.
    Column("ended_at", INSTANT),
    Column("missed", Boolean, nullable=False, server_default=text("false")),
    Index("ix_view_mail_week_open", "try_at", postgresql_where=text("ended_at IS NULL")),
    comment="For which weeks the scorer was asked for mails of views.",
)
view_mail = Table(
    "view_mail",
    metadata,
    Column("tenant", Text, primary_key=True),
    # Of its notification.
    Column("id", Uuid, primary_key=True),
    # What its reader might see when it was written.
    Column("role", Text, nullable=False),
    Column("segments", ARRAY(Text), nullable=False),
    # Words and drawing; no customer is in it.
    Column("body", JSONB, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Index("ix_view_mail_created_at", "created_at"),
    comment="Mails of saved views that wait; a notification is of each.",
)
view_mail_result = Table(
    "view_mail_result",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("view_id", Uuid, primary_key=True),
    Column("monday", Date, primary_key=True),
    Column("staff_id", Uuid, primary_key=True),
    # queued (the delivery of mail_id tells the rest), no_mail, not_shown.
    Column("outcome", Text, nullable=False),
    # Its notification; NULL: none was written.
    Column("mail_id", Uuid),
    Column("noted_at", INSTANT, nullable=False),
    Index("ix_view_mail_result_monday", "monday"),
    comment="What became of each mail of a saved view, for sixty days.",
)
introduction_setting = Table(
    "introduction_setting",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    # What customers said earlier opens no task.
    Column("since", INSTANT, nullable=False),
    comment="Whether account managers get tasks to ask for introductions. A row locks their opening.",
)
introduction = Table(
    "introduction",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer_id", Uuid, nullable=False),
    Column("person", Text, info=PERSONAL),
    Column("customer_id", Text, info=PERSONAL),
    Column("contact_key", Text, nullable=False, server_default=text("''"), info=PERSONAL),
    # The company of the customer, by the company's own id.
    Column("account_id", Text, info=PERSONAL),
    Column("owner_id", Uuid),
    Column("team_id", Uuid),
    Column("belongs", ARRAY(Text), nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("said_at", INSTANT, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("asked_at", INSTANT),
    Column("agreed_at", INSTANT),
    Column("introduced_at", INSTANT),
    Column("met_at", INSTANT),
    Column("ended_at", INSTANT),
    Column("reason", Text),
    Column("result", Text),
    Column("result_at", INSTANT),
    Column("note", Text, info=PERSONAL),
    Index(
        "uq_introduction_one_open_account",
        "tenant",
        "account_id",
        unique=True,
        postgresql_where=text("state = 'open'"),
    ),
    Index(None, "tenant", "answer_id"),
    Index(None, "tenant", "customer_id"),
    Index(None, "tenant", "opened_at", "id"),
    comment="Tasks of account managers to ask a promoter for an introduction; nothing of whom is introduced.",
)
introduction_step = Table(
    "introduction_step",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("introduction_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("act", Text, nullable=False),
    Column("by_id", Uuid),
    Column("by_name", Text, nullable=False),
    Column("detail", Text),
    comment="What happened to each task to ask for an introduction, by whom and when. Only ever added to.",
)
introduction_judgement = Table(
    "introduction_judgement",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("answer_id", Uuid, primary_key=True),
    Column("answer_version", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("belongs", ARRAY(Text), nullable=False),
    Column("judged_at", INSTANT, nullable=False),
    Index(None, "tenant", "judged_at"),
    comment="Why a promoter's answer opened no task to ask for an introduction.",
)

for _table in (answer, invitation, cases, webhook_delivery, introduction):
    person_indexes(_table)

PERSONAL_TABLES = (
    PersonalTable(answer),
    PersonalTable(invitation, "CAST(convert_from(t.body, 'UTF8') AS jsonb) #>> '{customer,id}'"),
    PersonalTable(cases),
    PersonalTable(introduction),
    PersonalTable(webhook_delivery, "CAST(convert_from(t.body, 'UTF8') AS jsonb) #>> '{data,customer_id}'"),
)
"""What is stored of customers; timelines, histories and notices hang on these."""
