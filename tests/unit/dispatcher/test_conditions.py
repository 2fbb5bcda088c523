"""The language of conditions, against an evaluator that is written from its description alone."""

import json
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.dispatcher_builders import a_customer, a_transaction

from services.dispatcher.surveys.answer_schemas import api_fields
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.draft_fields import draft_fields
from services.dispatcher.surveys.forms import DraftForm
from services.dispatcher.surveys.schemas import SurveyBody
from shared.conditions.bodies import OPERATORS, ConditionBody
from shared.conditions.event_fields import EventFields
from shared.conditions.judging import failed_comparisons
from shared.conditions.labels import OPERATOR_LABELS, condition_sentence
from shared.events import Transaction
from shared.events.conditions import Condition, comparisons
from shared.values.places import country_code, locale_of

SURVEY = {"name": "x", "trigger": "order.delivered"}


def an_event(attributes: str = "{}", **changes: Any) -> Transaction:
    return a_transaction(**{"attributes": msgspec.Raw(attributes.encode()), **changes})


def the_condition(sent: Any) -> Condition | None:
    """The condition as the API accepts it."""
    return SurveyBody.model_validate({**SURVEY, "conditions": sent}).draft().conditions


def meets(sent: Any, event: Transaction) -> bool:
    condition = the_condition(sent)
    return condition is None or not failed_comparisons(condition, EventFields(event))


@pytest.mark.parametrize(
    ("field", "op", "value", "met"),
    [
        ("attributes.total", "<", 50, True),
        ("attributes.total", ">=", 50, False),
        ("attributes.total", "=", 49.99, True),
        ("attributes.total", "<=", 49.99, True),
        ("attributes.total", "!=", 49.99, False),
        ("attributes.total", "in", [1, 49.99], True),
        ("attributes.exact", ">", 0.3, True),
        ("attributes.text", "=", 12, False),
        ("attributes.text", "=", "12", True),
        ("attributes.text", ">", 1, False),
        ("attributes.text", "!=", 12, False),
        ("attributes.gift", "=", True, True),
        ("attributes.gift", "=", 1, False),
        ("attributes.gift", "!=", False, True),
        ("attributes.nothing", "exists", None, False),
        ("attributes.nothing", "missing", None, True),
        ("attributes.nothing", "!=", 1, False),
        ("attributes.none.at.all", "!=", 1, False),
        ("attributes.none.at.all", "missing", None, True),
        ("attributes.basket.lines", "=", 3, True),
        ("attributes.basket", "exists", None, True),
        ("attributes.basket", "!=", 3, False),
        ("attributes.list", "=", "a", True),
        ("attributes.list", "=", "c", False),
        ("attributes.list", "!=", "a", False),
        ("attributes.list", "!=", "c", True),
        ("attributes.list", "!=", 1, False),
        ("attributes.list", "in", ["c", "b"], True),
        ("attributes.list", "in", ["c"], False),
        ("attributes.list", "exists", None, True),
        ("attributes.prices", ">=", 50, True),
        ("attributes.prices", ">", 50, False),
        ("attributes.empty", "in", ["a"], False),
        ("attributes.empty", "!=", "a", False),
        ("attributes.nested", "=", "a", False),
        ("attributes.day", ">=", "2026-01-31", True),
        ("attributes.name", "=", "Caf\u0065\u0301 Nord", True),
        ("type", "=", "order.delivered", True),
        ("touchpoint", "in", ["checkout", "shop"], True),
        ("touchpoint", "!=", "checkout", False),
        ("segments.store", "=", " aarhus ", True),
        ("segments.store", "=", "Aarhus", False),
        ("segments.city", "!=", "aarhus", False),
        ("organisation", "=", "north", True),
        ("organisation", "=", "north/sales", True),
        ("organisation", "=", "sales", False),
        ("organisation", "!=", "south", True),
        ("organisation", "in", ["south", "north"], True),
        ("customer.country", "=", "dk", True),
        ("customer.locale", "=", "DA", True),
        ("handled_by", "missing", None, True),
    ],
)
def test_one_comparison(field: str, op: str, value: Any, met: bool) -> None:
    event = an_event(
        '{"total":49.990,"exact":0.30000000000000000001,"text":"12","gift":true,"nothing":null,'
        '"basket":{"lines":3},"list":["a","b"],"prices":[9.5,50,true],"empty":[],"nested":[["a"],{"a":"a"}],"day":"2026-02-01","name":"Café  Nord"}',
        customer=a_customer(country="DK"),
    )
    sent = {"field": field, "op": op} | ({} if value is None else {"value": value})
    assert meets(sent, event) is met


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"field": "total", "op": "=", "value": 1}, "/field"),
        ({"field": "attributes.", "op": "exists"}, "/field"),
        ({"field": "attributes.a..b", "op": "exists"}, "/field"),
        ({"field": "segments. ", "op": "exists"}, "/field"),
        ({"field": "attributes.a", "op": "~", "value": 1}, "/op"),
        ({"field": "attributes.a", "op": "=", "value": {"a": 1}}, "/value"),
        ({"field": "attributes.a", "op": "=", "value": 0.1 + 0.2}, "/value"),
        ({"field": "attributes.a", "op": "=", "value": float("nan")}, "/value"),
        ({"field": "attributes.a", "op": "=", "value": 10**400}, "/value"),
        ({"field": "attributes.a", "op": "=", "value": " "}, "/value"),
        ({"field": "attributes.a", "op": "=", "value": "x" * 201}, "/value"),
        ({"field": "attributes.a", "op": "in", "value": []}, "/value"),
        ({"field": "attributes.a", "op": "in", "value": 1}, ""),
        ({"field": "attributes.a", "op": "=", "value": [1]}, ""),
        ({"field": "attributes.a", "op": "="}, ""),
        ({"field": "attributes.a", "op": "exists", "value": 1}, ""),
        ({"field": "attributes.a", "op": "<", "value": True}, ""),
        ({"field": "organisation", "op": "<", "value": "a"}, ""),
        ({"field": "type", "op": "=", "value": 1}, ""),
        ({"field": "customer.country", "op": "=", "value": "Denmark"}, ""),
        ({"field": "attributes.a"}, ""),
        ({"any": []}, ""),
        ({"all": [{"any": []}]}, ""),
        ({"all": [], "any": []}, ""),
        ({}, ""),
        ({"all": [{"field": "type", "op": "exists"}] * 21}, ""),
        ({"all": [{"all": [{"all": [{"all": [{"field": "type", "op": "exists"}]}]}]}]}, ""),
    ],
)
def test_what_means_nothing_is_refused_at_its_place(sent: Any, place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        the_condition(sent)
    (error,) = refused.value.errors()
    assert "/".join(("", *map(str, error["loc"]))) == f"/conditions{place}"


@pytest.mark.parametrize(
    ("wanted", "kept", "is_it"),
    [
        ("da-DK", "da-DK", True),
        ("DA_dk", "da-DK", True),
        ("da", "da-DK", True),
        ("da-DK", "da", False),
        ("da-GL", "da-DK", False),
        ("en-UK", "en-GB", True),
        ("pt-BR", "pt-PT", False),
        ("zh-TW", "zh-Hant-TW", True),
        ("zh-Hant", "zh-Hant-TW", True),
        ("zh-Hans", "zh-Hant-TW", False),
        ("nl", "nds-NL", False),
        ("es-419", "es-419", True),
    ],
)
def test_a_language_is_met_by_every_narrower_one_however_it_is_written(
    wanted: str, kept: str, is_it: bool
) -> None:
    """Whether it was stored in our form, or by a version that stored lower case."""
    event = an_event(customer=a_customer(locale=kept))
    for op, value, met in (("=", wanted, is_it), ("!=", wanted, not is_it), ("in", ["fi", wanted], is_it)):
        assert meets({"field": "customer.locale", "op": op, "value": value}, event) is met
    stored = wanted.replace("_", "-").lower()
    for op, met in (("=", is_it), ("!=", not is_it)):
        old = Condition(field="customer.locale", op=op, value=stored)
        assert (not failed_comparisons(old, EventFields(event))) is met


@pytest.mark.parametrize("wanted", ["UK", "gb", "GBR", "826"])
def test_a_country_is_met_by_each_of_its_codes(wanted: str) -> None:
    event = an_event(customer=a_customer(country="GB"))
    assert meets({"field": "customer.country", "op": "=", "value": wanted}, event)
    assert not meets({"field": "customer.country", "op": "!=", "value": wanted}, event)
    old = Condition(field="customer.country", op="in", value=("DK", wanted))
    assert not failed_comparisons(old, EventFields(event))


@pytest.mark.parametrize("field", ["customer.locale", "customer.country"])
@pytest.mark.parametrize("code", sorted(locale_identifiers())[::7])
def test_what_an_event_keeps_is_met_by_a_condition_of_the_same_words(field: str, code: str) -> None:
    """Whatever an event keeps of a locale or a country, a condition of that text holds for it."""
    kept = locale_of(code) if field == "customer.locale" else country_code(code.rpartition("_")[2])
    if kept is None:
        return
    event = an_event(customer=a_customer(**{field.removeprefix("customer."): kept}))
    assert meets({"field": field, "op": "=", "value": kept}, event)
    assert not meets({"field": field, "op": "!=", "value": kept}, event)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer.country", "XX"),
        ("customer.country", "EU"),
        ("customer.locale", "da-XX"),
        ("customer.locale", "xx"),
        ("customer.locale", "en-x-twain"),
    ],
)
def test_a_language_or_country_that_no_event_ever_has_is_refused_and_one_stored_before_meets_nobody(
    field: str, value: str
) -> None:
    with pytest.raises(ValidationError):
        the_condition({"field": field, "op": "=", "value": value})
    event = an_event(customer=a_customer(country="DK", locale="da-DK"))
    assert failed_comparisons(Condition(field=field, op="=", value=value), EventFields(event))


def test_conditions_that_are_refused_today_stay_as_they_are_in_a_form_that_leaves_them() -> None:
    stored = Condition(all=(Condition(field="customer.country", op="=", value="XX"),))
    form = DraftForm(draft_fields(SurveyDraft(name="a", trigger="b", conditions=stored)), stored=stored)
    assert form.draft().conditions == stored
    other = DraftForm({**form.fields, "condition_1_value": "YY"}, stored=stored)
    with pytest.raises(ValidationError):
        other.draft()


def test_what_is_nested_without_end_is_refused_before_it_is_read() -> None:
    sent: Any = {"field": "type", "op": "exists"}
    for _ in range(5_000):
        sent = {"all": [sent]}
    with pytest.raises(ValidationError, match="deep"):
        the_condition(sent)


def test_all_of_nothing_is_no_condition() -> None:
    assert the_condition({"all": []}) is None


names = st.sampled_from(["a", "b", "b.c", "d.e.f", "x"])
scalars = (
    st.integers(-3, 3)
    | st.sampled_from([0.1, 0.5, -1.25, 49.99, 50.0])
    | st.sampled_from(["a", "b", "3", "true", "Å", "A\u030a"])
    | st.booleans()
)


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    op = draw(st.sampled_from(OPERATORS))
    leaf: dict[str, Any] = {"field": f"attributes.{draw(names)}", "op": op}
    if op == "in":
        leaf["value"] = draw(st.lists(scalars, min_size=1, max_size=4))
    elif op not in {"exists", "missing"}:
        orderable = scalars.filter(lambda value: not isinstance(value, bool))
        leaf["value"] = draw(orderable if op[0] in "<>" else scalars)
    return leaf


trees: st.SearchStrategy[dict[str, Any]] = st.recursive(
    leaves(),
    lambda inner: st.builds(
        lambda name, children: {name: children},
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
).filter(lambda tree: depth_of(tree) <= 4)
values = st.none() | scalars | st.lists(scalars | st.none() | st.just(["a"]), max_size=3)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values | st.fixed_dictionaries({}, optional={"c": values}),
        "d": st.fixed_dictionaries({}, optional={"e": values | st.fixed_dictionaries({"f": values})}),
    },
)


def depth_of(tree: dict[str, Any]) -> int:
    children = tree.get("all", tree.get("any"))
    return 1 if children is None else 1 + max(map(depth_of, children))


def brute_force(tree: dict[str, Any], event: dict[str, Any]) -> bool:
    """The description of the language, word by word, on plain JSON values."""
    if "all" in tree:
        return all(brute_force(child, event) for child in tree["all"])
    if "any" in tree:
        return any(brute_force(child, event) for child in tree["any"])
    found: Any = event
    for part in tree["field"].removeprefix("attributes.").split("."):
        found = found.get(part) if isinstance(found, dict) else None
    op, wanted = tree["op"], tree.get("value")
    if op in {"exists", "missing"}:
        return bool((found is None) == (op == "missing"))
    if op == "in":
        return any(plainly_compares(found, "=", each) for each in wanted or ())
    return plainly_compares(found, op, wanted)


def plainly_compares(found: Any, op: str, wanted: Any) -> bool:
    if isinstance(found, list):
        same = [plainly_compares(each, op, wanted) for each in found if not isinstance(each, list)]
        equal = [plainly_compares(each, "=", wanted) for each in found if not isinstance(each, list)]
        return any(same) and not (op == "!=" and any(equal))
    one, other = kind_and_value(found), kind_and_value(wanted)
    if one[0] != other[0]:
        return False
    if op in {"=", "!="}:
        return (one == other) == (op == "=")
    return bool(
        (op[0] == "<" and one < other) or (op[0] == ">" and one > other) or (op[-1:] == "=" and one == other)
    )


def kind_and_value(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int | float):
        return "number", Fraction(json.dumps(value))
    if isinstance(value, str):
        return "text", value.replace("A\u030a", "Å")
    return "of an event alone", None


@given(tree=trees, event=attributes)
def test_a_tree_is_met_as_its_description_says(tree: dict[str, Any], event: dict[str, Any]) -> None:
    assert meets(tree, an_event(json.dumps(event))) is brute_force(tree, event)


@given(tree=trees, event=attributes)
def test_every_comparison_that_is_named_did_not_hold(tree: dict[str, Any], event: dict[str, Any]) -> None:
    condition = the_condition(tree)
    assert condition is not None
    every = list(comparisons(condition))
    for failed in failed_comparisons(condition, EventFields(an_event(json.dumps(event)))):
        named = every[failed.index]
        assert (named.field, named.op, named.value) == (failed.field, failed.op, failed.value)
        plain = ConditionBody.model_validate(msgspec.json.decode(msgspec.json.encode(named)))
        assert not brute_force(plain.model_dump(exclude_none=True), event)


@given(tree=trees)
def test_what_is_stored_is_what_was_sent_and_is_sent_again(tree: dict[str, Any]) -> None:
    draft = SurveyBody.model_validate({**SURVEY, "conditions": tree}).draft()
    again = SurveyBody.model_validate(api_fields(draft)).draft()
    assert again == draft
    stored = json.dumps(api_fields(draft)["conditions"], ensure_ascii=False, sort_keys=True)
    assert stored == json.dumps(tree, ensure_ascii=False, sort_keys=True).replace("A\u030a", "Å")
    assert condition_sentence(draft.conditions or Condition())


def test_attributes_are_decoded_once_and_only_when_a_condition_asks_for_them() -> None:
    event = an_event('{"a": 1}')
    fields = EventFields(event)
    assert fields.value("segments.store") == "aarhus"
    assert vars(fields)["_decoded"] is None
    assert fields.value("attributes.a") == 1
    assert vars(fields)["_decoded"] == {"a": 1}


def test_attributes_that_cannot_be_read_hold_nothing() -> None:
    for text in ("[1]", "{", '{"a": 1e999999999999999999999}'):
        assert EventFields(an_event(text)).value("attributes.a") is None
    assert EventFields(a_transaction()).value("attributes.a") is None


def test_every_operator_has_a_label() -> None:
    assert tuple(OPERATOR_LABELS) == OPERATORS


def test_a_sentence_has_brackets_only_where_they_are_needed() -> None:
    leaf = {"field": "attributes.total", "op": ">=", "value": 50}
    tree = {"all": [leaf, {"any": [{"field": "type", "op": "in", "value": ["a", "b"]}, leaf]}]}
    condition = the_condition(tree)
    assert condition is not None
    assert condition_sentence(condition) == (
        "attributes.total is at least 50 and (type is one of “a”, “b” or attributes.total is at least 50)"
    )
