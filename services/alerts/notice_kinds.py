"""The kinds of notices: each with the function that checks it when it leaves, and gives its words."""

from collections.abc import Mapping

from services.alerts.chats.given_up import CHAT_GIVEN_UP_KIND, prepare_chat_given_up
from services.alerts.chats.switched_off import CHAT_OFF_KIND, prepare_chat_off
from services.alerts.incidents.kinds import prepare_began, prepare_ended
from services.alerts.introductions.notices import (
    NEW_INTRODUCTION,
    OVERDUE_INTRODUCTION,
    prepare_introduction,
)
from services.alerts.notices.admin_kinds import prepare_invitation, prepare_webhook
from services.alerts.notices.case_kinds import (
    prepare_case,
    prepare_colleague,
    prepare_deadline,
    prepare_mail,
    prepare_objection,
    prepare_woken,
)
from services.alerts.notices.kinds import PrepareNotice
from services.alerts.notices.push_kinds import prepare_push_test
from services.alerts.notices.queueing import TEST_KIND
from services.alerts.notices.topics import VIEW_MAIL_KIND
from services.alerts.segment_alerts.notices import SEGMENT_FALL, prepare_fall
from services.alerts.view_mails.kinds import prepare_view_mail
from services.alerts.weekly.kinds import prepare_letter

NOTICE_KINDS: Mapping[str, PrepareNotice] = {
    "case": prepare_case,
    "handed_over": prepare_colleague,
    "asked": prepare_colleague,
    "objected": prepare_objection,
    "wrote": prepare_mail,
    "unsent": prepare_mail,
    "woken": prepare_woken,
    "contact_warning": prepare_deadline,
    "contact_escalation": prepare_deadline,
    "closing_warning": prepare_deadline,
    "closing_escalation": prepare_deadline,
    "incident_began": prepare_began,
    "incident_ended": prepare_ended,
    "weekly": prepare_letter,
    VIEW_MAIL_KIND: prepare_view_mail,
    "invite": prepare_invitation,
    "webhook": prepare_webhook,
    SEGMENT_FALL: prepare_fall,
    NEW_INTRODUCTION: prepare_introduction,
    OVERDUE_INTRODUCTION: prepare_introduction,
    CHAT_OFF_KIND: prepare_chat_off,
    CHAT_GIVEN_UP_KIND: prepare_chat_given_up,
    TEST_KIND: prepare_push_test,
}
"""A kind that people may choose to be told of stands in ``notices.topics.TOPIC_BY_KIND``, too."""
