"""Conditions as the API takes them: what may be compared with what, and how many comparisons there may be."""

from math import isfinite
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from shared.conditions.field_forms import COUNTRY, LOCALE, condition_country, condition_locale
from shared.events.conditions import ATTRIBUTE_FIELD, EVENT_FIELDS, SEGMENT_FIELD
from shared.http.request_body import StrictBody
from shared.values.messages import Message, message
from shared.values.text import normalized_text

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "exists", "missing"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
ORDERINGS = ("<", "<=", ">", ">=")
WITHOUT_VALUE = ("exists", "missing")
MAX_DEPTH = 4
"""Of conditions within conditions; a comparison alone is one deep."""
MAX_COMPARISONS = 20
MAX_FIELD_LENGTH = 200
MAX_TEXT_LENGTH = 200
MAX_LISTED_VALUES = 50
MAX_DIGITS = 15
"""Of a number: so many are exact in JSON to every reader."""
MAX_WHOLE: int = 10**MAX_DIGITS

NO_COUNTRY = message("Write a country as its two letters, such as DK.")
NO_LOCALE = message("Write a language as BCP 47 does, such as da or pt-BR.")


def is_text_field(field: str) -> bool:
    """Whether the values of a field are always texts, however they look."""
    return not field.startswith(ATTRIBUTE_FIELD)


def _known_field(field: Any) -> Any:
    if not isinstance(field, str) or len(field) > MAX_FIELD_LENGTH:
        return field
    field = normalized_text(field)
    dimension, path = field.removeprefix(SEGMENT_FIELD), field.removeprefix(ATTRIBUTE_FIELD)
    if dimension != field:
        field = SEGMENT_FIELD + normalized_text(dimension)
        known = dimension.strip() != ""
    elif path != field:
        known = all(path.split("."))
    else:
        known = field in EVENT_FIELDS
    if not known:
        raise ValueError(
            message(
                "Write one of %(names)s, segments. with a dimension, or attributes. with a name of your own.",
                names=", ".join(EVENT_FIELDS),
            )
        )
    return field


def _checked_scalar(value: Any) -> Any:
    """A value as it is kept: texts in their one form."""
    match value:
        case bool():
            return value
        case int() | float():
            if not _is_exact(value):
                raise ValueError(message("Write a number of at most %(most)s digits.", most=MAX_DIGITS))
            return value
        case str():
            text = normalized_text(value)
            if not text:
                raise ValueError(
                    message("Write a value. Whether the field is there at all is a comparison of its own.")
                )
            if len(text) > MAX_TEXT_LENGTH:
                raise ValueError(message("Write at most %(most)s characters.", most=MAX_TEXT_LENGTH))
            return text
    raise ValueError(message("Must be text, a number, true or false, or for in a list of these."))


def _is_exact(number: float) -> bool:
    """Whether a number has so few digits that it is the one that was written."""
    if isinstance(number, int):
        return abs(number) < MAX_WHOLE
    digits = repr(number).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    return isfinite(number) and len(digits) <= MAX_DIGITS


def _checked_value(value: Any) -> Any:
    if isinstance(value, Message):
        raise ValueError(value)  # noqa: TRY004  # a form could not read what was typed
    if isinstance(value, list):
        if not 1 <= len(value) <= MAX_LISTED_VALUES:
            raise ValueError(message("List 1 to %(most)s values.", most=MAX_LISTED_VALUES))
        return [_checked_scalar(each) for each in value]
    return _checked_scalar(value)


_SCALARS = [{"type": "string", "maxLength": MAX_TEXT_LENGTH}, {"type": "number"}, {"type": "boolean"}]
_VALUE_SCHEMA = {
    "anyOf": [
        *_SCALARS,
        {"type": "array", "items": {"anyOf": _SCALARS}, "minItems": 1, "maxItems": MAX_LISTED_VALUES},
    ]
}


class ConditionBody(StrictBody):
    """Either `all` or `any` of several conditions, or one comparison of a `field` with a `value` by `op`.

    Numbers compare as numbers, exactly; texts in one form of Unicode, with upper and lower case apart. A text
    is never a number. A comparison with a field that the event does not have, or that is of another kind than
    the value, does not hold; with `!=` neither. In `customer.locale` `da` covers `da-DK`, too.
    """

    all: Annotated[list["ConditionBody"] | None, Field(max_length=MAX_COMPARISONS)] = None
    any: Annotated[list["ConditionBody"] | None, Field(max_length=MAX_COMPARISONS)] = None
    field: Annotated[str | None, BeforeValidator(_known_field)] = Field(
        default=None,
        max_length=MAX_FIELD_LENGTH,
        description=f"One of {', '.join(EVENT_FIELDS)}, `segments.<dimension>`, or `attributes.<name>`, "
        "where each further dot goes one object deeper. `organisation` is a path such as `north/sales`; an "
        "event of a level below is of it, too.",
    )
    op: Operator | None = None
    value: Annotated[Any, BeforeValidator(_checked_value), WithJsonSchema(_VALUE_SCHEMA)] = Field(
        default=None, description="For `in` a list; left out for `exists` and `missing`."
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        nodes = [self.all is not None, self.any is not None]
        compared = [self.field is not None, self.op is not None, self.value is not None]
        if sum(nodes) + (True in compared) != 1:
            raise ValueError(message("Write either all, or any, or one comparison with field, op and value."))
        if self.any == []:
            raise ValueError(message("Any of nothing is never met. Add a condition, or leave it out."))
        if True in compared:
            self._check_comparison()
        return self

    def _check_comparison(self) -> None:
        """:raises ValueError: when the operator or the value does not fit the field."""
        field, op, values = self.field, self.op, self.value
        if field is None or op is None:
            raise ValueError(message("A comparison needs field and op."))
        if (values is None) != (op in WITHOUT_VALUE):
            raise ValueError(
                message("This comparison takes no value. Leave it empty.")
                if values is not None
                else message("This comparison needs a value.")
            )
        if isinstance(values, list) != (op == "in"):
            raise ValueError(
                message("in needs a list of values.") if op == "in" else message("Only in takes a list.")
            )
        if op in ORDERINGS and field == "organisation":
            raise ValueError(message("Levels of an organisation have no order: use =, != or in."))
        if op in ORDERINGS and isinstance(values, bool):
            raise ValueError(message("True and false have no order: use =, != or in."))
        if values is None or not is_text_field(field):
            return
        listed = values if isinstance(values, list) else [values]
        if not all(isinstance(each, str) for each in listed):
            raise ValueError(message("%(field)s is always text: write the value in quotes.", field=field))
        own = [_own_form(field, each) for each in listed]
        self.value = own if isinstance(values, list) else own[0]


def _own_form(field: str, text: str) -> str:
    """A text in the form that such a field has in every event.

    :raises ValueError: when no event can ever have it.
    """
    if field == COUNTRY:
        if (country := condition_country(text)) is None:
            raise ValueError(NO_COUNTRY)
        return country
    if field == LOCALE:
        if (locale := condition_locale(text)) is None:
            raise ValueError(NO_LOCALE)
        return locale
    return text


def _within_bounds(given: Any) -> Any:
    """Bounds are checked before anything else, level by level: what is nested without end costs nothing."""
    level, count, depth = [given], 0, 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(
                message("Conditions within conditions are at most %(most)s deep.", most=MAX_DEPTH)
            )
        below: list[Any] = []
        for node in level:
            children = [node.get(name) for name in ("all", "any")] if isinstance(node, dict) else []
            lists = [each for each in children if isinstance(each, list)]
            count += not lists
            below += [each for listed in lists for each in listed]
            if depth > 1 and [] in lists:
                raise ValueError(message("A list of conditions within another one needs at least one."))
        if count + len(below) > MAX_COMPARISONS * MAX_DEPTH or count > MAX_COMPARISONS:
            raise ValueError(message("At most %(most)s comparisons. Leave some out.", most=MAX_COMPARISONS))
        level = below
    return given


def _without_nothing(condition: ConditionBody | None) -> ConditionBody | None:
    """All of nothing is always met, as is what has no condition: so a PATCH takes conditions away."""
    return None if condition is not None and condition.all == [] else condition


Conditions = Annotated[
    ConditionBody | None, BeforeValidator(_within_bounds), AfterValidator(_without_nothing)
]
"""The conditions of a survey; None: always."""
CONDITIONS_FIELD = Field(
    default=None,
    description='What an event must meet beside its type: `{"all": […]}`, `{"any": […]}`, or one comparison '
    'such as `{"field": "attributes.total", "op": ">=", "value": 50}`. Left out, or `{"all": []}`: nothing. '
    "Of an attribute that is a list, one of its elements meets it; `!=`: none is the same.",
)
