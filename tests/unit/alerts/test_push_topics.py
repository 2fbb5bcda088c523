"""A newer push message replaces an older one that waits only when both are about the same thing."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.alerts.notices.kinds import WaitingNotice
from services.alerts.notices.pushes import push_topic

CASE, INCIDENT, PERSON = (UUID(int=number) for number in range(3))


def a_notice(kind: str, number: int, **changes: Any) -> WaitingNotice:
    return WaitingNotice(
        tenant="havnbo",
        id=UUID(int=100 + number),
        kind=kind,
        staff_id=PERSON,
        role="agent",
        segments=(),
        company=None,
        zone=ZoneInfo("UTC"),
        **changes,
    )


def test_an_incident_has_another_topic_than_the_case_by_which_it_began() -> None:
    about = {"incident": str(INCIDENT)}
    case = push_topic(a_notice("case", 1, case_id=CASE))
    began = push_topic(a_notice("incident_began", 2, case_id=CASE, about=about))
    ended = push_topic(a_notice("incident_ended", 3, case_id=CASE, about=about))
    assert began == ended
    assert case == push_topic(a_notice("contact_warning", 4, case_id=CASE))
    assert len({case, began, push_topic(a_notice("weekly", 5)), push_topic(a_notice("weekly", 6))}) == 4
