"""No client's event has a source by which the dispatcher knows the events that it makes itself."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.trigger.intake import read_event, split_events
from shared.events import Transaction
from shared.intake.domain import transaction
from shared.intake.errors import Unacceptable

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DATA = {"customer": {"id": "c-17"}}
EVENT = {"id": "order-1", "type": "order.delivered", "occurred_at": "2026-11-22T05:00:00Z", **DATA}
CLOUD = {"specversion": "1.0", "id": "order-1", "type": "order.delivered", "time": "2026-11-22T05:00:00Z"}
STRUCTURED = "application/cloudevents+json"
RESERVED = [
    f"afterword/wave/{UUID(int=7)}",
    f"afterword/wave/{UUID(int=7)}/2026-11-01",
    "afterword/test",
    "afterword/",
    "  Afterword/Wave/1",
    "AFTERWORD/other",
]
OTHERS = ["afterword", "afterwords/wave", "/afterword/trigger", "shop/afterword/wave/1", "wave"]


def read(body: Any, kind: str = "application/json", default: str = "shop", **headers: str) -> Transaction:
    given = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    (piece,), _ = split_events(json.dumps(body).encode(), given)
    event, spoilt = read_event(piece)
    try:
        return transaction(
            event, source=default, customer_id=lambda _: "hash", now=NOW, spoilt=spoilt
        ).transaction
    except Unacceptable as fault:
        raise Unacceptable(piece.place(fault.field), fault.remedy) from None


def through_every_door(source: str) -> list[tuple[Any, str, dict[str, str], str]]:
    """Body, content type, headers and the default of the key."""
    packed = base64.b64encode(json.dumps(DATA).encode()).decode()
    binary = {f"ce_{name}": value for name, value in {**CLOUD, "source": source.strip()}.items()}
    return [
        ({**EVENT, "source": source}, "application/json", {}, "shop"),
        ([{**EVENT, "source": source}], "application/json", {}, "shop"),
        ({**EVENT, "source": source}, "application/x-ndjson", {}, "shop"),
        ({**CLOUD, "source": source, "data": DATA}, STRUCTURED, {}, "shop"),
        ({**CLOUD, "source": source, "data_base64": packed}, STRUCTURED, {}, "shop"),
        ([{**CLOUD, "source": source, "data": DATA}], "application/cloudevents-batch+json", {}, "shop"),
        (DATA, "application/json", binary, "shop"),
        (EVENT, "application/json", {}, source.strip()),
    ]


@pytest.mark.parametrize("source", RESERVED)
def test_a_source_of_afterwords_own_is_refused_in_whatever_form_the_event_comes(source: str) -> None:
    for body, kind, headers, default in through_every_door(source):
        with pytest.raises(Unacceptable) as refused:
            read(body, kind, default, **headers)
        assert "source" in refused.value.field
        assert "Name the system" in str(refused.value.remedy)


@pytest.mark.parametrize("source", OTHERS)
def test_any_other_source_is_a_clients(source: str) -> None:
    for body, kind, headers, default in through_every_door(source):
        accepted = read(body, kind, default, **headers)
        assert accepted.source == source
        assert (accepted.wave_of, accepted.test_of) == (None, None)
