"""Which visits of a link are a machine's."""

from datetime import UTC, datetime, timedelta

from services.collector.visits import Visit, intent_after

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def visit(score: int | None = None, agent: str = "Mozilla/5.0 (iPhone)", *, trapped: bool = False) -> Visit:
    return Visit(score, agent, trapped)


def test_three_scores_in_ten_seconds_are_a_machine_and_stay_one() -> None:
    intent = None
    for score, flag in ((1, None), (1, None), (2, None), (3, "scores")):
        intent = intent_after(intent, visit(score), NOW)
        assert intent.flag == flag
    later = intent_after(intent, visit(9, trapped=True), NOW + timedelta(days=1))
    assert (later.flag, later.visits, later.score) == ("scores", 5, 9)
    assert later.first_at == NOW


def test_three_scores_in_eleven_seconds_are_a_person() -> None:
    intent = None
    for n, score in enumerate((1, 2, 3)):
        intent = intent_after(intent, visit(score), NOW + timedelta(seconds=5.5 * n))
    assert intent is not None
    assert intent.flag is None
