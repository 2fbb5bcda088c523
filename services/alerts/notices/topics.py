"""The topics of notices, by which each person chooses what they are told, and the kinds of each topic."""

from typing import Literal, get_args

NoticeTopic = Literal["cases", "deadlines", "incidents", "introductions", "weekly"]
NOTICE_TOPICS: tuple[NoticeTopic, ...] = get_args(NoticeTopic)
"""In the order in which they are chosen and told."""

DIGEST_TOPICS: tuple[NoticeTopic, ...] = ("cases", "deadlines", "incidents", "introductions")
"""Those of which a line in a digest tells enough: the letter of Monday is a mail of its own."""

DIGEST_KIND = "digest"
"""What waited for one moment, in one mail."""
VIEW_MAIL_KIND = "view_mail"
"""A saved view that somebody asked for at the view itself, and stops there; their quiet hours hold for it."""
ESCALATION_KINDS = frozenset({"contact_escalation", "closing_escalation"})
"""Kinds that a person may want to hear of in their quiet hours, too."""

TOPIC_BY_KIND: dict[str, NoticeTopic] = {
    "case": "cases",
    "handed_over": "cases",
    "asked": "cases",
    "objected": "cases",
    "wrote": "cases",
    "unsent": "cases",
    "woken": "cases",
    "contact_warning": "deadlines",
    "closing_warning": "deadlines",
    "contact_escalation": "deadlines",
    "closing_escalation": "deadlines",
    "segment_fall": "incidents",
    "incident_began": "incidents",
    "incident_ended": "incidents",
    "introduction": "introductions",
    "introduction_overdue": "introductions",
    "weekly": "weekly",
}
"""What is told by each person's choice. Other kinds, as to administrators, are told by mail and at once."""
