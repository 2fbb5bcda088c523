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


def test_a_refusal_leads_to_the_command_that_the_page_explains() -> None:
    assert "see afterword recover" in Path(restore_guard.__file__).read_text()
    assert "afterword recover" in (FOLDER / "OPERATIONS.md").read_text()
