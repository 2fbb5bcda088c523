"""How the exports of other systems name what we need, folded: small letters and digits alone.

The names are those of the vendors' documented exports and APIs. What a company has renamed is said by an
option.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

VendorName = Literal["delighted", "asknicely", "customergauge", "retently", "formbricks", "csv"]
VENDORS: tuple[VendorName, ...] = get_args(VendorName)
Part = Literal[
    "id",
    "score",
    "answered_at",
    "comment",
    "email",
    "phone",
    "customer_id",
    "invited_at",
    "unsubscribed",
    "question",
]
"""Of a row: unsubscribed is a time, or a yes; question is the kind of question that was asked."""
PARTS: tuple[Part, ...] = get_args(Part)

_COMMON: Mapping[Part, tuple[str, ...]] = {
    "id": ("id", "responseid", "answerid"),
    "score": ("score", "npsscore", "nps", "rating"),
    "answered_at": ("answeredat", "respondedat", "responsedate", "createdat", "date", "timestamp"),
    "comment": ("comment", "comments", "feedback"),
    "email": ("email", "emailaddress", "customeremail", "contactemail"),
    "phone": (
        *("phone", "phonenumber", "mobile", "mobilephone", "mobilenumber", "customerphone", "personphone"),
        *("personphonenumber", "contactphone", "contactphonenumber", "cellphone", "telephone", "tel"),
        *("telefon", "telefonnummer", "mobil", "mobilnummer", "telefoon", "telefoonnummer", "mobiel"),
    ),
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


MAY_REPEAT: tuple[Part, ...] = ("comment", "question")
"""Of these the first column counts where several have one name; what the others say must be sure."""
_AGAIN = re.compile(r"(.+) \(\d+\)", re.DOTALL)


_NPS = re.compile(r"(?<![a-z])e?nps(?![a-z])|net\W?promoter")
_OTHER_KINDS = re.compile(r"(?<![a-z])(?:csat|ces)(?![a-z])|customer\W?(?:satisfaction|effort)")


class SeveralColumns(Exception):
    """More than one column may be that of a part, and nobody has said which."""

    def __init__(self, part: Part, names: Sequence[str]) -> None:
        super().__init__(", ".join(names))
        self.part = part
        self.names = names


class Columns(NamedTuple):
    """The place of each part in the rows of a file."""

    places: Mapping[Part, int]

    def text(self, part: Part, cells: Sequence[str]) -> str:
        """What a row has of it; empty: nothing."""
        place = self.places.get(part)
        return cells[place] if place is not None and place < len(cells) else ""

    def without(self, part: Part) -> "Columns":
        """The same, with no column of this part."""
        return Columns({each: place for each, place in self.places.items() if each != part})


def is_nps(question: str) -> bool:
    """Whether a kind of question is NPS."""
    return _NPS.search(question.casefold()) is not None


def is_kind_of_question(cell: str) -> bool:
    """Whether a cell names a kind of question, and not some other type."""
    return is_nps(cell) or _OTHER_KINDS.search(cell.casefold()) is not None


def folded(name: str) -> str:
    """A name of a column without what exports differ in."""
    return "".join(filter(str.isalnum, name.casefold()))


def find_columns(vendor: VendorName, names: Sequence[str], chosen: Mapping[Part, str]) -> Columns:
    """Where each part stands.

    :param chosen: names of columns that somebody has said, which count before all others.
    :raises KeyError: for one that the file does not have.
    :raises SeveralColumns: when more than one may be that of a part that must be sure.
    """
    places: dict[Part, int] = {}
    for part, name in chosen.items():
        if name not in names:
            raise KeyError(name)
        places[part] = names.index(name)
    written = [folded(name) for name in _as_written(names)]
    for part in PARTS:
        if part in places:
            continue
        words = _OF[vendor].get(part, ()) or _COMMON[part]
        if part == "score":
            found = _columns_of_scores(words, names, written, places.values())
        else:
            word = next((word for word in words if word in written), None)
            found = [place for place, name in enumerate(written) if name == word]
        if len(found) > 1 and part not in MAY_REPEAT:
            raise SeveralColumns(part, [names[place] for place in found])
        if found and found[0] not in places.values():
            places[part] = found[0]
    return Columns(places)


def _as_written(names: Sequence[str]) -> Iterator[str]:
    """The names as the file has them: one that stands there again got its number when the file was opened."""
    for name in names:
        match = _AGAIN.fullmatch(name)
        yield match[1] if match is not None and match[1] in names else name


def _columns_of_scores(
    words: Sequence[str], names: Sequence[str], written: Sequence[str], taken: Collection[int]
) -> list[int]:
    free = [place for place in range(len(names)) if place not in taken]
    found = [place for place in free if written[place] in words]
    return found or [place for place in free if any(word in names[place].casefold() for word in ASKED)]
