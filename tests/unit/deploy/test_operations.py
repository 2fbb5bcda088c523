"""What the page of operations and the alert rules name is there."""

import re
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import deploy
from shared.kafka.ops import restore_guard
from shared.telemetry import metrics

FOLDER = Path(deploy.__file__).parent
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
OURS = {
    family.name + suffix
    for family in REGISTRY.collect()
    if family.name.startswith("afterword_")
    for suffix in (*SUFFIXES[family.type], "")
}
LABELS = {name for metric in vars(metrics).values() for name in getattr(metric, "_labelnames", ())}


@pytest.mark.parametrize("page", ["OPERATIONS.md", "alerts.yaml"])
def test_every_metric_and_label_that_is_named_exists(page: str) -> None:
    text = (FOLDER / page).read_text()
    named = set(re.findall(r"\bafterword_[a-z_]+", text))
    assert len(named) > 8
    assert named <= OURS
    assert set(re.findall(r'[{,]([a-z]+)="', text)) <= LABELS
    for grouped in re.findall(r"by \(([a-z, ]+)\)", text):
        assert set(grouped.split(", ")) <= LABELS | {"le"}


def test_every_metric_of_ours_stands_on_the_page_of_operations() -> None:
    text = (FOLDER / "OPERATIONS.md").read_text()
    families = {family.name for family in REGISTRY.collect() if family.name.startswith("afterword_")}
    assert {name for name in families if name not in text} == set()


WITHOUT_RULE = {
    "afterword_anonymous_answers_waiting", "afterword_audit_lines", "afterword_batch_seconds",
    "afterword_bounces", "afterword_case_mails", "afterword_chat_channels", "afterword_chat_tries",
    "afterword_companies_erased", "afterword_company_senders", "afterword_erasures", "afterword_fenced",
    "afterword_import_rows", "afterword_improvements", "afterword_mail_destinations_held",
    "afterword_mail_destinations_refusing", "afterword_mail_rows", "afterword_mail_signatures",
    "afterword_mails_back", "afterword_open_introductions", "afterword_outbox_rows",
    "afterword_personal_links", "afterword_preferences", "afterword_provider_sign_ins", "afterword_pushes",
    "afterword_records", "afterword_relay_producers_replaced", "afterword_relayed",
    "afterword_retention_rows", "afterword_segment_alerts", "afterword_segments_fallen",
    "afterword_share_link_answers", "afterword_source_lag_records", "afterword_sources",
    "afterword_suspect_answers", "afterword_text_parts", "afterword_text_reports", "afterword_texts",
    "afterword_theme_model_requests", "afterword_theme_model_waiting",
    "afterword_themes_behind", "afterword_themes_found", "afterword_unsearched_answers",
    "afterword_view_mail_weeks_waiting",
    "afterword_waits", "afterword_webhook_messages_waiting", "afterword_webhook_tries",
    "afterword_webhooks",
}  # fmt: skip
"""They tell how much is done, or what a company's own people are told of on their pages."""


def test_a_metric_that_tells_of_a_fault_has_a_rule() -> None:
    """A new metric gets its rule, or is listed as one that needs no person."""
    rules = (FOLDER / "alerts.yaml").read_text()
    families = {family.name for family in REGISTRY.collect() if family.name.startswith("afterword_")}
    assert {
        name for name in families if not re.search(rf"\b{name}(?:_total|_bucket)?\b", rules)
    } == WITHOUT_RULE


def test_a_refusal_leads_to_the_command_that_the_page_explains() -> None:
    assert "see afterword recover" in Path(restore_guard.__file__).read_text()
    assert "afterword recover" in (FOLDER / "OPERATIONS.md").read_text()
