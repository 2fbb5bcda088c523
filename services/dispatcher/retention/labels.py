"""The kinds of data that are kept for a time, in words."""

from typing import NamedTuple

from shared.events.retention import RetentionKind
from shared.http.problems import Problem
from shared.values.messages import Message, message


class KindLabel(NamedTuple):
    """What a kind is called, and what it means in plain words."""

    name: Message
    meaning: Message


KIND_LABELS: dict[RetentionKind, KindLabel] = {
    "contacts": KindLabel(
        message("Who the customers are"),
        message(
            "Addresses, names, phone numbers, ids and what your systems told us of a purchase. Counted from "
            "the day on which the link to the survey ended, and for a case from the day on which it was "
            "closed. Scores stay, with their segments and days, but are nobody's any more."
        ),
    ),
    "comments": KindLabel(
        message("What was written"),
        message(
            "Comments of customers, their replies to the second question, what they had written before they "
            "changed it, and your notes about their cases."
        ),
    ),
    "cases": KindLabel(
        message("Closed cases"),
        message(
            "Who worked on a case and what was done, counted from the day on which it was closed. Its "
            "number, score, segments, days, cause and outcome stay. A case under way is never touched."
        ),
    ),
    "decisions": KindLabel(
        message("What became of each event"),
        message(
            "Which customer was asked about what, and why or why not: the pages of events. As long as it is "
            "there nobody is asked twice about one event."
        ),
    ),
    "visits": KindLabel(
        message("Visits of links"),
        message("When and how often the link to a survey was followed, by people and by machines."),
    ),
    "deliveries": KindLabel(
        message("Logs of mails"), message("What became of each mail to customers and colleagues.")
    ),
    "sessions": KindLabel(
        message("Requests about cases"),
        message(
            "By what we recognise a request that is sent again. Sessions and links to sign in are not kept: "
            "they are deleted when they end."
        ),
    ),
    "audit": KindLabel(
        message("Who changed what"),
        message(
            "The log of who looked at an address, of changes of rules and rights, and of addresses that may "
            "be written to again. It is kept for a year at least, since you must be able to show who did "
            "what."
        ),
    ),
}


def service_unavailable(service: str) -> Problem:
    """The refusal of a dry run of which one service does not know its part now."""
    return Problem(
        503,
        detail=message("The %(service)s does not answer now, so the numbers are not known.", service=service),
        headers={"Retry-After": "10"},
    )
