"""The metrics of the kernel, named as Prometheus wants; each service adds its own beside its code."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

RECORDS = Counter("afterword_records_total", "Records applied, committed.", ["service", "topic"])
DEAD_LETTERS = Counter("afterword_dead_letters_total", "Records put aside.", ["service", "topic"])
FENCED = Counter("afterword_fenced_total", "Batches that another owner had applied.", ["service", "topic"])
BATCH_SECONDS = Histogram(
    "afterword_batch_seconds",
    "One batch, from BEGIN to COMMIT.",
    ["service", "topic"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LAG = Gauge(
    "afterword_lag_records", "Records behind the end, by our own position.", ["service", "topic", "partition"]
)
PARTITIONS = Gauge("afterword_partitions", "Partitions that this process consumes.", ["service", "topic"])
STUCK = Gauge("afterword_stuck_partitions", "Partitions that wait for an operator.", ["service", "topic"])
OUTBOX_DEPTH = Gauge("afterword_outbox_rows", "Rows that wait for the relay.", ["service"])
OUTBOX_AGE = Gauge(
    "afterword_outbox_age_seconds", "Since when the relay has not emptied the outbox.", ["service"]
)
RELAYED = Counter("afterword_relayed_total", "Records published from the outbox.", ["service"])
RELAY_REPLACED = Counter("afterword_relay_producers_replaced_total", "Producers thrown away.", ["service"])
WAITS = Counter("afterword_waits_total", "Tries after which something was waited for.", ["what"])
RESPONSES = Counter("afterword_responses_total", "Requests answered, probes and files aside.", ["status"])
MAILS = Counter("afterword_mails_total", "Tries to hand a mail over, by what came of them.", ["outcome"])
FORGOTTEN = Gauge(
    "afterword_forgotten_rows",
    "Rows said that the database does not remember: it was restored from a backup, see afterword recover.",
    ["service"],
)
