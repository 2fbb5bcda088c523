"""Falls of segments' scores, as the scorer publishes them."""

from datetime import datetime, timedelta
from typing import Any

from shared.events import SegmentFall


def a_segment_fall(now: datetime, **changes: Any) -> SegmentFall:
    """A fall that was found last night."""
    yesterday = now.date() - timedelta(days=1)
    facts: dict[str, Any] = {
        "segment": "touchpoint:home delivery",
        "measurement": "transactional",
        "version": 1,
        "state": "fallen",
        "first": yesterday - timedelta(days=6),
        "found": yesterday,
        "until": yesterday,
        "n_before": 912,
        "nps_before": 41.2,
        "n": 141,
        "nps": 14.9,
        "judged_at": now,
    }
    return SegmentFall(**{**facts, **changes})
