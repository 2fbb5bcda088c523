"""The demo continues after a restart where it was."""

import stat
from datetime import UTC, datetime
from pathlib import Path

from deploy.demo.checkpoint import MAX_REMEMBERED_EVENTS, Checkpoint

BEGAN = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_what_was_saved_is_there_after_a_restart_and_the_past_still_ends_where_it_ended(
    tmp_path: Path,
) -> None:
    path = tmp_path / "demo" / "position.json"
    first = Checkpoint(path, lambda: BEGAN)
    first.progress.next_event = 17
    first.progress.remember("00012", 16)
    first.save()
    again = Checkpoint(path, lambda: datetime.max.replace(tzinfo=UTC))
    assert again.progress == first.progress
    assert again.progress.began == BEGAN


def test_the_key_in_it_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "position.json", lambda: BEGAN)
    checkpoint.save()
    assert stat.S_IMODE((tmp_path / "position.json").stat().st_mode) == 0o600


def test_only_the_latest_events_are_remembered_one_for_each_customer(tmp_path: Path) -> None:
    progress = Checkpoint(tmp_path / "position.json", lambda: BEGAN).progress
    progress.remember("00001", 0)
    for number in range(1, MAX_REMEMBERED_EVENTS):
        progress.remember(f"{number + 1:05d}", number)
    progress.remember("00001", MAX_REMEMBERED_EVENTS)
    progress.remember("99999", MAX_REMEMBERED_EVENTS + 1)
    assert len(progress.asked) == MAX_REMEMBERED_EVENTS
    assert progress.asked["00001"] == MAX_REMEMBERED_EVENTS
    assert "00002" not in progress.asked
