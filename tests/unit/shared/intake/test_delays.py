"""An event may say how long after it its customer is asked."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.trigger.intake import read_event, split_events
from services.trigger.openapi import EVENTS_BODY
from shared.events import Transaction
from shared.intake.domain import transaction
from shared.intake.errors import Unacceptable

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
YEAR = 365 * 1440
EVENT = {
    "id": "order-1",
    "type": "order.delivered",
    "occurred_at": "2026-11-22T05:00:00Z",
    "customer": {"id": "c-17"},
}
CLOUD = {"specversion": "1.0", "id": "order-1", "type": "order.delivered", "source": "shop"}
CLOUD["time"] = "2026-11-22T05:00:00Z"
DIGEST_BEFORE = "6d2a3de9e4a77c9dd89f0d00447d7b0b80cce0e66dddcdbc1de7288e49c4b5a7"
"""Of ``EVENT``, as a version computed it that knew no delays of events."""


def read(body: dict[str, Any], kind: str = "application/json", **headers: str) -> Transaction:
    given = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    (piece,), _ = split_events(json.dumps(body).encode(), given)
    event, spoilt = read_event(piece)
    try:
        return transaction(
            event, source="shop", customer_id=lambda _: "hash", now=NOW, spoilt=spoilt
        ).transaction
    except Unacceptable as fault:
        raise Unacceptable(piece.place(fault.field), fault.remedy) from None


@pytest.mark.parametrize("minutes", [0, 1, 180, YEAR])
def test_a_delay_is_kept_in_whatever_form_the_event_comes(minutes: int) -> None:
    data = {"customer": {"id": "c-17"}, "delay_minutes": minutes}
    structured = "application/cloudevents+json"
    packed = base64.b64encode(json.dumps(data).encode()).decode()
    binary = {f"ce_{name}": value for name, value in CLOUD.items()}
    for accepted in (
        read({**EVENT, "delay_minutes": minutes}),
        read({**CLOUD, "data": data}, structured),
        read({**CLOUD, "data_base64": packed}, structured),
        read(data, **binary),
    ):
        assert accepted.delay_minutes == minutes


@pytest.mark.parametrize("wrong", [-1, YEAR + 1, 10**30, 1.5, "60", True, [], {}])
def test_what_is_no_delay_is_refused_where_it_stands(wrong: Any) -> None:
    data = {"customer": {"id": "c-17"}, "delay_minutes": wrong}
    binary = {f"ce_{name}": value for name, value in CLOUD.items()}
    for place, body, kind, headers in (
        ("/delay_minutes", {**EVENT, "delay_minutes": wrong}, "application/json", {}),
        ("/data/delay_minutes", {**CLOUD, "data": data}, "application/cloudevents+json", {}),
        ("/delay_minutes", data, "application/json", binary),
    ):
        with pytest.raises(Unacceptable) as refused:
            read(body, kind, **headers)
        assert refused.value.field == place


def test_an_event_without_a_delay_is_the_same_content_as_before_there_were_any() -> None:
    assert read(EVENT).digest == read({**EVENT, "delay_minutes": None}).digest == DIGEST_BEFORE
    assert read(EVENT).delay_minutes is None
    assert len({read({**EVENT, "delay_minutes": n}).digest for n in (0, 1)} | {DIGEST_BEFORE}) == 3


def test_the_document_of_the_api_says_its_bounds() -> None:
    body = json.dumps(EVENTS_BODY)
    assert '"minimum": 0, "maximum": 525600' in body
    assert "in place of the survey's delay" in body
