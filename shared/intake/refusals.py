"""Requests with events that are refused as a whole."""

from shared.http.problems import Problem
from shared.values.messages import Count, Message, message

OTHER_CONTENT = message(
    "Stands in this request already, with other content: the first counts. Give this one another id."
)
"""Of an event whose identity an earlier one of the request has."""


def not_json() -> Problem:
    """The body is no JSON."""
    detail = message("Not JSON: a bracket, a quote or a comma is missing.")
    return Problem(400, errors=[{"field": "/", "detail": detail}])


def too_many_events(most: int) -> Problem:
    """The request carries more events than it may."""
    remedy = message("One request may carry %(most)s. Send them in parts.", most=Count(most))
    return Problem(413, message("These are too many events."), remedy)


def unknown_form(types: Message | str) -> Problem:
    """The body has a content type in which no events come.

    :param types: those in which they do.
    """
    remedy = message("Send them as %(types)s.", types=types)
    return Problem(415, message("Events do not come in this form."), remedy)
