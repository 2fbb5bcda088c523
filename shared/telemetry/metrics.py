"""The metrics of shared code, named by Prometheus' conventions; each service has its own besides."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

RECORDS = Counter("afterword_records_total", "Records applied, committed.", ["service", "topic"])
DEAD_LETTERS = Counter(
    "afterword_dead_letters_total",
    "Dead letters: unreadable, impossible (by a rule), refused (by the database), bug.",
    ["service", "topic", "kind"],
)
FENCED = Counter("afterword_fenced_total", "Batches that another consumer had applied.", ["service", "topic"])
BATCH_SECONDS = Histogram(
    "afterword_batch_seconds",
    "One batch, from BEGIN to COMMIT.",
    ["service", "topic"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LAG = Gauge(
    "afterword_lag_records",
    "Records between the stored position and the end; each worker measures every partition.",
    ["service", "topic", "partition"],
)
PARTITIONS = Gauge("afterword_partitions", "Partitions that this process consumes.", ["service", "topic"])
STUCK = Gauge(
    "afterword_stuck_partitions",
    "Partitions that wait for an operator: refused (see afterword recover), fused (see afterword resume).",
    ["service", "topic", "why"],
)
OUTBOX_DEPTH = Gauge("afterword_outbox_rows", "Rows that wait for the relay.", ["service"])
OUTBOX_AGE = Gauge(
    "afterword_outbox_age_seconds", "For how long the relay has not emptied the outbox.", ["service"]
)
RELAYED = Counter("afterword_relayed_total", "Records published from the outbox.", ["service"])
RELAY_REPLACED = Counter(
    "afterword_relay_producers_replaced_total", "Producers replaced after an error.", ["service"]
)
WAITS = Counter(
    "afterword_waits_total", "Checks after which this process was not ready.", ["service", "what"]
)
UNREADY = Gauge("afterword_missing", "1 while this process waits for it.", ["service", "what"])
REACHABLE = Gauge(
    "afterword_reachable", "1 when the server answered this process at the last check.", ["process", "server"]
)
PROVIDER_SIGN_INS = Counter(
    "afterword_provider_sign_ins_total",
    "Returns from identity providers: entered, refused (by our rules), failed (the provider proved nothing).",
    ["outcome"],
)
RESPONSES = Counter(
    "afterword_responses_total",
    "Requests answered, except probes and files.",
    ["service", "route", "method", "status"],
)
RESPONSE_SECONDS = Histogram(
    "afterword_response_seconds",
    "From a request to the first byte of its response.",
    ["service", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
MAILS = Counter(
    "afterword_mails_total", "Attempts to send a mail, by their outcomes.", ["service", "outcome"]
)
MAIL_SIGNATURES = Counter(
    "afterword_mail_signatures_total",
    "Attempts to send a mail, by whether we signed it (DKIM): yes or no.",
    ["service", "signed"],
)
PUSHES = Counter(
    "afterword_pushes_total",
    "Push messages to colleagues by what became of them, as of mails.",
    ["service", "outcome"],
)
TEXTS = Counter(
    "afterword_texts_total",
    "Text messages by what became of them, as of mails.",
    ["service", "outcome"],
)
TEXT_PARTS = Counter(
    "afterword_text_parts_total",
    "Parts of the text messages that the provider took, each of which it charges.",
    ["service"],
)
TEXTS_STOPPED = Gauge(
    "afterword_texts_stopped_seconds",
    "For how long no text has left, since the SMS provider is away or refuses us; 0 if it is not so.",
)
TEXT_REPORTS = Counter(
    "afterword_text_reports_total",
    "What an SMS provider has told us: delivered, undeliverable, stop, start, help, answer (a reply with a "
    "number), unclear (a number that is no answer, or nobody knows for which company), late (of a link or a "
    "company that has ended), other (another reply), unknown (of no message or customer of ours), refused "
    "(not signed as it must be).",
    ["kind"],
)
TEXT_REPLIES_WAITING = Gauge(
    "afterword_text_replies_waiting_seconds",
    "For how long the oldest reply by text has waited to be answered, or given to the collector; 0: none "
    "waits. Each worker of the dispatcher measures all.",
)
MAIL_DESTINATIONS_REFUSING = Gauge(
    "afterword_mail_destinations_refusing",
    "Domains that refuse the mails of the dispatcher for now, so that each gets one now and then; each "
    "worker measures all.",
)
MAIL_DESTINATIONS_HELD = Gauge(
    "afterword_mail_destinations_held",
    "Domains from which many mails came back by their rules about senders, so that each gets one in half an "
    "hour for a day; each worker measures all.",
)
COMPANY_SENDERS = Gauge(
    "afterword_company_senders",
    "Senders of companies: usable, waiting for their records, or lost (no key's record is there any more); "
    "each worker of the dispatcher measures all.",
    ["state"],
)
SOURCES = Gauge(
    "afterword_sources",
    "Kafka sources of companies: running, failing (see /sources), or paused; each worker measures all.",
    ["state"],
)
SOURCE_LAG = Gauge(
    "afterword_source_lag_records",
    "Records of running Kafka sources that are not read yet; each worker measures all.",
)
SEGMENTS_FALLEN = Gauge(
    "afterword_segments_fallen",
    "Segments whose score has fallen significantly and is not back, of all companies.",
)
IMPROVEMENTS = Gauge(
    "afterword_improvements",
    "Actions of improvement of all companies, by state: open, late, done, dropped.",
    ["state"],
)
THEMES_BEHIND = Gauge(
    "afterword_themes_behind",
    "Companies with comments that were not matched with their present themes yet.",
)
THEME_LOOKS_LATE = Gauge(
    "afterword_theme_looks_late",
    "Companies whose comments were last looked at for new themes more than a day ago.",
)
THEMES_FOUND = Counter("afterword_themes_found", "Themes that were opened by themselves.")
THEME_MODEL_WAITING = Gauge(
    "afterword_theme_model_waiting",
    "Comments of all companies that have a model on and that it has not labelled yet.",
)
THEME_MODEL_REQUESTS = Counter(
    "afterword_theme_model_requests",
    "Requests to the model that labels comments, by outcome: labelled, refused (it cannot answer for these "
    "comments), away (no answer, or none of this protocol's).",
    ["outcome"],
)
AUDIT_DIFFERENCES = Gauge(
    "afterword_scorer_audit_differences",
    "Counts of the scorer that differ from the answers, and its totals that differ from the collector's, by "
    "the last audit of each company.",
)
AUDIT_FINISHED = Gauge(
    "afterword_scorer_audit_timestamp_seconds",
    "The last audit of the company that was audited the longest ago; 0: none was yet.",
)
PAIRS_UNREADY = Gauge(
    "afterword_pairs_unready",
    "Declared pairs of dimensions that are being filled or removed, of all companies.",
)
COUNTS_NOTED = Gauge(
    "afterword_counts_noted",
    "Changes of invitations and of themes that are noted and not in the counts yet, of all companies.",
)
SEGMENT_ALERTS = Gauge(
    "afterword_segment_alerts",
    "Alerts on segments that are not closed, by state: open, acknowledged.",
    ["state"],
)
WEBHOOK_TRIES = Counter(
    "afterword_webhook_tries_total",
    "Requests to webhooks: taken; or status, gone, timeout, connection, certificate, address, secret.",
    ["outcome"],
)
WEBHOOKS = Gauge(
    "afterword_webhooks",
    "Webhooks of companies that fail now, or that we have switched off; each worker of alerts measures all.",
    ["state"],
)
WEBHOOK_MESSAGES = Gauge(
    "afterword_webhook_messages_waiting",
    "Messages that wait for webhooks that are on; of one webhook at most 1,000 are counted.",
)
WEBHOOK_AGE = Gauge(
    "afterword_webhook_oldest_seconds",
    "For how long the oldest message waits for a webhook that does not fail.",
)
CHAT_TRIES = Counter(
    "afterword_chat_tries_total",
    "Messages to chat channels: taken; or busy, refused, gone, status, timeout, connection, certificate, "
    "address, secret, broken.",
    ["outcome"],
)
CHAT_CHANNELS = Gauge(
    "afterword_chat_channels",
    "Chat channels that fail now, or that we have switched off; each worker of alerts measures all.",
    ["state"],
)
CHAT_AGE = Gauge(
    "afterword_chat_oldest_seconds",
    "For how long the oldest message waits for a chat channel that does not fail.",
)
OPEN_INTRODUCTIONS = Gauge(
    "afterword_open_introductions",
    "Tasks to ask a promoter for an introduction: in_time, late; each worker of alerts measures all.",
    ["state"],
)
VIEW_MAIL_WEEKS = Gauge(
    "afterword_view_mail_weeks_waiting",
    "Companies whose mails of saved views are not all written yet; each worker of alerts measures all.",
)
VIEW_MAILS = Counter(
    "afterword_view_mails_total",
    "Mails of saved views by outcome: queued, not_shown (its reader may not see it, or it is gone), and of "
    "companies missed (the scorer was away until the evening).",
    ["outcome"],
)
UNSEARCHED_ANSWERS = Gauge(
    "afterword_unsearched_answers",
    "Answers of cases that no search finds yet, 10,000 at most; each worker of alerts measures all.",
)
LINKS = Counter(
    "afterword_personal_links_total",
    "Events for which a personal link was wanted: asked, not_asked (by a rule), refused (faulty).",
    ["status"],
)
IMPORTED_ROWS = Counter(
    "afterword_import_rows_total",
    "Rows of files: taken, refused (faulty).",
    ["kind", "outcome"],
)
SHARED_ANSWERS = Counter(
    "afterword_share_link_answers_total",
    "Answers by open links: new, closed (paused, ended or full), suspect (shown the page once more).",
    ["outcome"],
)
MAIL_ROWS = Gauge(
    "afterword_mail_rows",
    "Mails that are due, or being sent; each worker measures all.",
    ["service", "state"],
)
MAIL_DUE_AGE = Gauge(
    "afterword_mail_due_age_seconds", "For how long the oldest mail that is due has been due.", ["service"]
)

MAIL_STOPPED = Gauge(
    "afterword_mail_stopped_seconds",
    "For how long sending has been stopped, since the mail server is away or blocks us; 0 if it is not.",
    ["service"],
)

OVERDUE_DEADLINES = Gauge(
    "afterword_overdue_deadlines",
    "Deadlines that are due and have not fired; each worker measures all.",
    ["service", "kind"],
)
DEADLINES = Counter(
    "afterword_deadlines_total",
    "Deadlines that were due: fired, or failed and postponed by a minute.",
    ["service", "kind", "outcome"],
)

LOOP_FAILURES = Counter(
    "afterword_loop_failures_total",
    "Things of one company that a loop could not advance, and tries again a minute later.",
    ["loop"],
)

ERASURES = Counter(
    "afterword_erasures_total",
    "Customers whose data a service had to erase: erased, or failed and to be tried again.",
    ["service", "outcome"],
)
ERASURES_WAITING = Gauge(
    "afterword_erasures_waiting",
    "Customers whose data a service has not erased yet; each worker measures all.",
    ["service"],
)
COMPANIES_ERASED = Counter(
    "afterword_companies_erased_total",
    "Companies that have left and that a service has erased: erased, or swept when it looked once more.",
    ["service", "outcome"],
)
COMPANIES_TO_ERASE = Gauge(
    "afterword_companies_to_erase",
    "Companies that a service has to erase, or to look for once more; each worker measures all.",
    ["service"],
)

ANONYMOUS_WAITING = Gauge(
    "afterword_anonymous_answers_waiting",
    "Anonymous answers that no score counts yet; each worker of the scorer measures all.",
)
SUSPECT_ANSWERS = Gauge(
    "afterword_suspect_answers",
    "Answers that may be a machine's and wait to be judged; each worker of the collector measures all.",
)
BOUNCES = Counter(
    "afterword_bounces_total",
    "Reports about mails that were sent, by their way (ses, postmark, mailgun, smtp, imap) and what they "
    "are: hard, soft, policy or complaint; repeated, none (does nothing, such as a delay), unknown (of no "
    "mail that is kept, or unproved), unreadable (no report), refused (by signature, secret or address).",
    ["source", "kind"],
)
CASE_MAILS = Counter(
    "afterword_case_mails_total",
    "Mails from cases to customers, by what became of them: sent, refused (by a rule), failed (by a mail "
    "server), bounced, unknown.",
    ["state"],
)
MAILS_BACK = Counter(
    "afterword_mails_back_total",
    "Mails of customers to the addresses of cases, by their way (smtp, imap) and what they are: stored, "
    "automatic (an out-of-office reply, for example), repeated, unknown (of no case mail that is kept), "
    "too_many, unreadable, refused (by address).",
    ["source", "kind"],
)
PREFERENCES = Counter(
    "afterword_preferences_total",
    "Choices of customers about further questions: never, fewer, pause, channel, or as usual again.",
    ["choice"],
)
AUDIT_LINES = Counter(
    "afterword_audit_lines_total",
    "Lines of the log of who looked at or changed what that were stored.",
    ["act"],
)

CLOCK_DIFFERENCE = Gauge(
    "afterword_clock_seconds",
    "How far this machine's clock is ahead of the database's; negative when behind.",
    ["service"],
)

RETENTION_ROWS = Counter(
    "afterword_retention_rows_total",
    "Rows that were too old and lost what is personal, or were deleted.",
    ["service", "kind"],
)
RETENTION_FAILURES = Counter(
    "afterword_retention_failures_total",
    "Rules about data that are too old that failed, each for one company.",
    ["service", "kind"],
)
RETENTION_FINISHED = Gauge(
    "afterword_retention_finished_timestamp_seconds",
    "When everything that was too old was last removed; 0: never.",
    ["service"],
)

MISSING_OUTBOX_ROWS = Gauge(
    "afterword_forgotten_rows",
    "Published rows that the database lacks: it was restored from a backup, see afterword recover.",
    ["service"],
)


def set_mail_gauges(
    service: str, *, due: int, sending: int, age_seconds: float, stopped_seconds: float
) -> None:
    """Set the gauges of a service's mails."""
    MAIL_ROWS.labels(service, "due").set(due)
    MAIL_ROWS.labels(service, "sending").set(sending)
    MAIL_DUE_AGE.labels(service).set(age_seconds)
    MAIL_STOPPED.labels(service).set(stopped_seconds)
