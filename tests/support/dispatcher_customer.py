"""A customer of the dispatcher's tests of erasures, and every word by which they could be found."""

from support.dispatcher_builders import a_customer

KIM = a_customer("kim-4711", email="Kim@Example.com", phone="+4512345678", name="Kim Wexelblatt")
WORDS = (
    "kim-4711",
    "kim@example",
    "12345678",
    "wexelblatt",
    "manager-of-kim",
    "handler-of-kim",
    "attribute-of-kim",
)
"""The id, address, number and name, and the names of staff and attributes that the tests give their events."""
