"""What a process says of itself."""

from prometheus_client import REGISTRY

from shared.health import STALE_AFTER_S, Health


def test_a_stalled_loop_is_named() -> None:
    now = 0.0
    health = Health(clock=lambda: now)
    health.tick("relay")
    now = STALE_AFTER_S - 1
    assert health.stalled() == []
    now = STALE_AFTER_S + 1
    assert health.stalled() == [f"relay: no tick for {STALE_AFTER_S + 1:.0f} s"]
    health.forget("relay")
    assert health.stalled() == []


def test_a_process_is_unready_until_it_is_set_ready() -> None:
    health = Health()
    health.set_unready("kafka", "away")
    assert health.unready() == ["kafka: away"]
    health.set_ready("kafka")
    assert health.unready() == []


def test_what_one_service_of_a_process_waits_for_another_does_not_clear() -> None:
    one, other = Health("trigger"), Health("scorer")
    one.set_unready("a thing", "away")
    other.set_unready("a thing", "away")
    other.set_ready("a thing")
    waits = {
        service: REGISTRY.get_sample_value("afterword_missing", {"service": service, "what": "a thing"})
        for service in ("trigger", "scorer")
    }
    assert waits == {"trigger": 1, "scorer": 0}
