import pytest

from shared.kafka.ops.drift import NOT_SET, Drift


@pytest.mark.parametrize(
    "what", ["partitions", "max.message.bytes", "retention.ms", "delete.retention.ms", "cleanup.policy"]
)
def test_settings_that_a_broker_does_not_report_are_shown_and_break_nothing(what: str) -> None:
    drift = Drift("answers.v1", what, "1000", NOT_SET)
    assert drift.stops_us is (what == "cleanup.policy")
    assert isinstance(drift.refusal, str)
    assert str(drift) == f"answers.v1 has {what} -, declared is 1000"


@pytest.mark.parametrize(
    ("there", "stops", "refused"), [("500", True, False), ("1000", False, False), ("2000", False, True)]
)
def test_only_records_that_are_too_large_for_the_topic_stop_a_service(
    there: str, stops: bool, refused: bool
) -> None:
    drift = Drift("answers.v1", "max.message.bytes", "1000", there)
    assert (drift.stops_us, bool(drift.refusal)) == (stops, refused)


@pytest.mark.parametrize(
    ("declared", "there", "refused"),
    [("1000", "2000", True), ("1000", "-1", True), ("2000", "1000", False), ("-1", "1000", False)],
)
def test_retention_that_would_be_shorter_is_refused(declared: str, there: str, refused: bool) -> None:
    assert bool(Drift("answers.v1", "retention.ms", declared, there).refusal) is refused
