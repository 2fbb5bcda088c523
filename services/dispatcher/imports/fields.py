"""What the columns of a file can be, by the kind of what it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from shared.permissions import Scope
from shared.values.messages import Message, message

Kind = Literal["events", "customers", "answers", "suppressions"]
IMPORT_KINDS: tuple[Kind, ...] = get_args(Kind)
KIND_LABELS: Mapping[Kind, Message] = {
    "events": message("Purchases and contacts of the last 30 days"),
    "customers": message("Customers who may be asked at any time"),
    "answers": message("Answers that were given elsewhere"),
    "suppressions": message("Who is never to be asked"),
}
SCOPE_OF_KIND: Mapping[Kind, Scope] = {
    "events": "events:write",
    "customers": "surveys:write",
    "answers": "answers:write",
    "suppressions": "surveys:write",
}
"""What a key needs for the API that takes the same one by one."""

SEGMENT, ATTRIBUTE, NUMBER = "segments.", "attributes.", "numbers."
"""The beginnings of fields that the company names itself; a number is an attribute that is a JSON number."""
PREFIXES: Mapping[Kind, tuple[str, ...]] = {
    "events": (SEGMENT, ATTRIBUTE, NUMBER),
    "customers": (SEGMENT,),
    "answers": (SEGMENT,),
    "suppressions": (),
}
PREFIX_LABELS: Mapping[str, Message] = {
    SEGMENT: message("Segment"),
    ATTRIBUTE: message("Detail of the event"),
    NUMBER: message("Detail that is a number"),
}
Form = Literal["text", "time", "whole", "path"]


@dataclass(frozen=True)
class Field:
    """One field of an item."""

    name: str
    """Its place in the item, such as ``customer.email``."""
    label: Message
    form: Form = "text"
    required: bool = False
    words: tuple[str, ...] = ()
    """How columns with it are called elsewhere, folded: small letters and digits alone."""


_ID = (
    "customerid",
    "customer",
    "personid",
    "userid",
    "kundeid",
    "kundenr",
    "klantid",
    "klantnummer",
    "externalid",
)
_EMAIL = (
    "email",
    "emailaddress",
    "mail",
    "customeremail",
    "personemail",
    "epost",
    "emailadresse",
    "emailadres",
)
_PHONE = ("phone", "phonenumber", "mobile", "telefon", "telefoon", "mobil")
_LOCALE = ("locale", "language", "sprog", "taal", "lang")
_COUNTRY = ("country", "land", "countrycode")
_ZONE = ("timezone", "tidszone", "tijdzone")
FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    "events": (
        Field(
            "id",
            message("Id of the event"),
            words=("eventid", "orderid", "ordernumber", "ordreid", "bestelnummer"),
        ),
        Field("type", message("Type, such as order.delivered"), required=True, words=("eventtype",)),
        Field(
            "occurred_at",
            message("When it happened"),
            "time",
            required=True,
            words=("occurredat", "date", "time", "timestamp", "createdat", "dato", "datum", "orderdate"),
        ),
        Field("source", message("System that it comes from")),
        Field("customer.id", message("Customer id"), words=_ID),
        Field("customer.email", message("Mail address"), words=_EMAIL),
        Field("customer.phone", message("Phone number"), words=_PHONE),
        Field("customer.name", message("Name"), words=("name", "customername", "navn", "naam")),
        Field("customer.locale", message("Language"), words=_LOCALE),
        Field("customer.country", message("Country"), words=_COUNTRY),
        Field("customer.time_zone", message("Time zone"), words=_ZONE),
        Field("account.id", message("Account"), words=("account", "accountid", "company")),
        Field("handled_by", message("Handled by"), words=("agent", "handledby", "employee")),
        Field("organisation", message("Organisation, as north/sales"), "path", words=("department",)),
        Field("delay_minutes", message("Delay in minutes"), "whole"),
    ),
    "customers": (
        Field("id", message("Customer id"), required=True, words=_ID),
        Field("email", message("Mail address"), words=_EMAIL),
        Field("phone", message("Phone number"), words=_PHONE),
        Field("locale", message("Language"), words=_LOCALE),
        Field("country", message("Country"), words=_COUNTRY),
        Field("time_zone", message("Time zone"), words=_ZONE),
        Field("basis.kind", message("Why they may be asked"), words=("basis",)),
        Field("basis.at", message("Since when they may be asked"), "time", words=("basisat",)),
        Field("basis.source", message("Where that was said"), words=("basissource",)),
        Field("basis.wording", message("How that was said"), words=("basiswording",)),
    ),
    "answers": (
        Field("id", message("Id of the answer"), words=("answerid", "responseid", "surveyresponseid")),
        Field(
            "score", message("Score, 0 to 10"), "whole", required=True, words=("nps", "rating", "npsscore")
        ),
        Field(
            "answered_at",
            message("When it was answered"),
            "time",
            required=True,
            words=(
                "answeredat",
                "date",
                "respondedat",
                "responsedate",
                "submittedat",
                "createdat",
                "dato",
                "datum",
            ),
        ),
        Field("comment", message("Comment"), words=("feedback", "answer", "text", "kommentar", "opmerking")),
        Field(
            "invited_at", message("When it was asked"), "time", words=("invitedat", "sentat", "surveysentat")
        ),
        Field("customer.id", message("Customer id"), words=_ID),
        Field("customer.email", message("Mail address"), words=_EMAIL),
        Field("customer.phone", message("Phone number"), words=_PHONE),
        Field("measurement", message("transactional or relational")),
        Field("organisation", message("Organisation, as north/sales"), "path", words=("department",)),
    ),
    "suppressions": (
        Field("email", message("Mail address"), words=_EMAIL),
        Field("phone", message("Phone number"), words=_PHONE),
        Field("country", message("Country"), words=_COUNTRY),
        Field("customer_id", message("Customer id"), words=_ID),
        Field("address_hash", message("Hash of an address, from an export of the list")),
        Field("reason", message("unsubscribed or listed")),
        Field(
            "since",
            message("Since when"),
            "time",
            words=("unsubscribedat", "date", "createdat", "dato", "datum"),
        ),
    ),
}
NAMING: Mapping[Kind, tuple[str, ...]] = {
    "events": ("customer.id", "customer.email", "customer.phone"),
    "customers": ("email", "phone"),
    "answers": (),
    "suppressions": ("email", "phone", "customer_id", "address_hash"),
}
"""Of these one at the least is there."""


def find_field(kind: Kind, name: str) -> Field | None:
    """The field of this name; None when items of the kind have none."""
    for field in FIELDS[kind]:
        if field.name == name:
            return field
    for prefix in PREFIXES[kind]:
        if name.startswith(prefix) and name != prefix:
            return Field(name, PREFIX_LABELS[prefix])
    return None


def is_known_name(cell: str) -> bool:
    """Whether a column of some kind of file may be called so."""
    return _folded(cell) in _KNOWN or cell.startswith((SEGMENT, ATTRIBUTE, NUMBER))


def guess_fields(kind: Kind, columns: Sequence[str]) -> dict[str, str]:
    """Which column each field probably is, by the names of the columns."""
    left = {column: _folded(column) for column in columns}
    found: dict[str, str] = {}
    for exact in (True, False):
        for field in FIELDS[kind]:
            if field.name in found:
                continue
            words = (_folded(field.name),) if exact else field.words
            column = next((name for word in words for name, folded in left.items() if folded == word), None)
            if column is not None:
                found[field.name] = column
                del left[column]
    return found | {column: column for column in left if find_field(kind, column) is not None}


def _folded(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


_KNOWN = frozenset(
    word
    for kind in IMPORT_KINDS
    for field in FIELDS[kind]
    for word in (_folded(field.name), _folded(field.name.rpartition(".")[2]), *field.words)
)
