"""The words of the page by which customers are taken from a table."""

from shared.pages.language import counted

EXAMPLE = "id,email,phone,locale,country,segments.store\nc-17,kim@example.com,+4520123456,da,DK,aarhus"


def saved(number: int) -> str:
    """How many customers were taken."""
    return counted("%(num)s customer was taken.", "%(num)s customers were taken.", number) % {"num": number}
