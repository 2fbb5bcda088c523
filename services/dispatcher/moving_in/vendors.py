"""How the exports of other systems name what we need, folded: small letters and digits alone.

The names are those of the vendors' documented exports and APIs. What a company has renamed is said by an
option.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

VendorName = Literal["delighted", "asknicely", "customergauge", "retently", "formbricks", "csv"]
VENDORS: tuple[VendorName, ...] = get_args(VendorName)
Part = Literal[
    "id", "score", "answered_at", "comment", "email", "customer_id", "invited_at", "unsubscribed", "question"
]
"""Of a row: unsubscribed is a time, or a yes; question is the kind of question that was asked."""
PARTS: tuple[Part, ...] = get_args(Part)

_COMMON: Mapping[Part, tuple[str, ...]] = {
    "id": ("id", "responseid", "answerid"),
    "score": ("score", "npsscore", "nps", "rating"),
    "answered_at": ("answeredat", "respondedat", "responsedate", "createdat", "date", "timestamp"),
    "comment": ("comment", "comments", "feedback"),
    "email": ("email", "emailaddress", "customeremail", "contactemail"),
    "customer_id": ("customerid", "userid", "externalid"),
    "invited_at": ("invitedat", "sentat", "sentdate", "surveysentat"),
    "unsubscribed": ("unsubscribed", "unsubscribedat", "optout", "optedout", "optedoutat"),
    "question": ("surveytype", "questiontype", "type", "metric"),
}
_OF: Mapping[VendorName, Mapping[Part, tuple[str, ...]]] = {
    "delighted": {
        "id": ("surveyresponseid", "responseid", "id"),
        "answered_at": ("surveyresponsecreatedat", "responsecreatedat", "respondedat", "createdat"),
        "email": ("personemail", "email"),
        "customer_id": ("customerid", "personpropertiescustomerid"),
        "invited_at": ("surveysentat", "lastsentat", "sentat"),
    },
    "asknicely": {
        "id": ("responseid", "id"),
        "score": ("answer", "npsscore", "score"),
        "answered_at": ("responded", "respondedat", "responsedate"),
        "customer_id": ("customerid", "contactid"),
        "invited_at": ("sent", "sentat", "lastemailed"),
        "unsubscribed": ("unsubscribed", "unsubscribetime", "dontcontact", "unsubscribedat"),
    },
    "customergauge": {
        "answered_at": ("responsedate", "datesurveyresponse", "dateresponse"),
        "comment": ("comment", "npscomment", "comments"),
        "customer_id": ("customernumber", "customerid", "contactreference"),
        "invited_at": ("sentdate", "dateemailsent", "datesent"),
    },
    "retently": {
        "score": ("score", "rating"),
        "answered_at": ("createddate", "responsedate", "submitteddate", "date", "createdat"),
        "comment": ("comments", "comment", "feedback"),
        "invited_at": ("surveysentdate", "sentdate", "lastsurveyed"),
        "unsubscribed": ("unsubscribed", "unsubscribeddate", "subscriptionstatus"),
    },
    "formbricks": {
        "id": ("responseid",),
        "answered_at": ("timestamp", "createdat"),
        "email": ("email", "verifiedemail"),
        "customer_id": ("userid",),
    },
    "csv": {},
}
ASKED = ("recommend", "likely", "nps", "anbefale", "aanbevelen", "empfehlen")
"""Words of the question itself, by which a survey tool names the column of its scores."""
YES = frozenset({"yes", "true", "1", "y", "ja", "unsubscribed", "optedout", "opted out"})


class Columns(NamedTuple):
    """The place of each part in the rows of a file."""

    places: Mapping[Part, int]

    def text(self, part: Part, cells: Sequence[str]) -> str:
        """What a row has of it; empty: nothing."""
        place = self.places.get(part)
        return cells[place] if place is not None and place < len(cells) else ""


def folded(name: str) -> str:
    """A name of a column without what exports differ in."""
    return "".join(filter(str.isalnum, name.casefold()))


def find_columns(vendor: VendorName, names: Sequence[str], chosen: Mapping[Part, str]) -> Columns:
    """Where each part stands.

    :param chosen: names of columns that somebody has said, which count before all others.
    :raises KeyError: for one that the file does not have.
    """
    places: dict[Part, int] = {}
    for part, name in chosen.items():
        if name not in names:
            raise KeyError(name)
        places[part] = names.index(name)
    left = {folded(name): place for place, name in reversed(list(enumerate(names)))}
    for part in PARTS:
        if part in places:
            continue
        words = _OF[vendor].get(part, ()) or _COMMON[part]
        found = next((left[word] for word in words if word in left), None)
        if found is None and part == "score":
            found = next(
                (p for p, name in enumerate(names) if any(w in name.casefold() for w in ASKED)), None
            )
        if found is not None and found not in places.values():
            places[part] = found
    return Columns(places)
