"""The bounds and defaults of retention, and the parameters of its rules."""

from datetime import UTC, datetime, timedelta
from typing import get_type_hints
from uuid import UUID

import msgspec
import uuid_utils

from services import SERVICES
from services.command import service
from shared.events import RetentionRules, TenantRetention
from shared.events.retention import MIN_AUDIT_DAYS, MIN_DECISION_DAYS, MIN_TOPIC_DAYS, RETENTION_KINDS
from shared.intake.domain import MAX_EVENT_AGE
from shared.limits import TOPIC_RETENTION
from shared.privacy.retention import ClearRule, Cutoffs, DeleteRule, lowest_id
from shared.privacy.retention_loop import night_before

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_nothing_that_is_removed_can_come_again() -> None:
    assert timedelta(days=MIN_TOPIC_DAYS) > TOPIC_RETENTION
    # From a client, then from the topic, then from a dead letter.
    assert timedelta(days=MIN_DECISION_DAYS) > MAX_EVENT_AGE + 2 * TOPIC_RETENTION


def test_the_defaults_lie_within_their_bounds() -> None:
    hints = get_type_hints(RetentionRules, include_extras=True)
    assert tuple(hints) == RETENTION_KINDS
    for kind in RETENTION_KINDS:
        (interval,) = hints[kind].__metadata__
        assert interval.ge <= getattr(RetentionRules(), kind) <= interval.le


def test_the_log_is_kept_for_a_year_whatever_a_company_has_set_before() -> None:
    """By rules that are made, read from a row or an event, or changed."""
    event = {"version": 1, "changed_at": NOON, "audit": 15}
    for rules in (
        RetentionRules(audit=15),
        msgspec.json.decode(b'{"audit":15}', type=RetentionRules),
        msgspec.convert(event, TenantRetention),
        msgspec.structs.replace(RetentionRules(), audit=15),
    ):
        assert rules.audit == MIN_AUDIT_DAYS
        cutoff = Cutoffs("t", NOON, rules).values()["audit"]
        assert cutoff == NOON - timedelta(days=MIN_AUDIT_DAYS)
    assert RetentionRules(audit=MIN_AUDIT_DAYS + 1).audit == MIN_AUDIT_DAYS + 1


def test_every_kind_has_a_rule_somewhere() -> None:
    assert {rule.kind for name in SERVICES for rule in service(name).retention} == set(RETENTION_KINDS)


def test_what_deletes_comes_behind_what_overwrites_in_the_same_table() -> None:
    for name in SERVICES:
        deleted: set[str] = set()
        for rule in service(name).retention:
            if isinstance(rule, DeleteRule):
                deleted.add(rule.table.name)
            else:
                assert rule.table.name not in deleted, (name, rule)
            if isinstance(rule, ClearRule):
                assert rule.changes


def test_ids_are_older_than_a_time_as_they_were_made() -> None:
    made = UUID(str(uuid_utils.uuid7()))
    now = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    assert lowest_id(now) <= made < lowest_id(now + timedelta(milliseconds=1))


def test_each_kind_has_the_time_before_which_it_is_too_old() -> None:
    values = Cutoffs("acme", NOON, RetentionRules(visits=3)).values()
    assert values["visits"] == NOON - timedelta(days=3)
    assert values["contacts"] == NOON - timedelta(days=730)
    assert (values["tenant"], values["now"]) == ("acme", NOON)


def test_a_night_begins_at_one() -> None:
    assert night_before(NOON) == NOON.replace(hour=1)
    assert night_before(NOON.replace(hour=0)) == NOON.replace(day=27, hour=1)
