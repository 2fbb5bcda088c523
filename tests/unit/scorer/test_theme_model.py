"""The protocol of a model that labels comments, and the setting of its address."""

import json
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr, ValidationError

from services.scorer.settings import ScorerSettings
from services.scorer.themes.domain import Theme
from services.scorer.themes.model_client import ThemeModel, origin_of
from services.scorer.themes.model_protocol import (
    MAX_ANSWER_BYTES,
    BadAnswer,
    ModelComment,
    read_answer,
    request_of,
    sent_theme,
)

DATABASE = SecretStr("postgresql+asyncpg://scorer:x@127.0.0.1/scorer")


def answer(*labels: tuple[str, list[str]], **given: Any) -> bytes:
    body = {"version": 1, "labels": [{"id": key, "themes": themes} for key, themes in labels], **given}
    return json.dumps(body).encode()


def test_a_request_has_what_the_protocol_says_and_nothing_else() -> None:
    theme = sent_theme(Theme(id="price", stems={"en": ("price*", "-priceless")}), "Price")
    body = msgspec.json.decode(request_of([ModelComment("a", None, "Dear")], [theme]))
    assert body == {
        "version": 1,
        "comments": [{"id": "a", "language": None, "text": "Dear"}],
        "themes": [{"id": "price", "name": "Price", "words": {"en": ["price*", "-priceless"]}}],
    }


def test_what_is_left_out_or_unknown_in_an_answer_names_nothing() -> None:
    body = answer(("a", ["price", "ours", "price"]), ("x", ["price"]), ("a", ["wait"]), model="any")
    found = read_answer(body, ["a", "b"], ["price", "wait"])
    assert found == {"a": {"price", "wait"}, "b": frozenset()}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xff",
        b"[]",
        answer(version=2),
        answer(version="1"),
        b'{"version": 1, "labels": [{"id": "a"}]}',
        b'{"version": 1, "labels": [{"id": "a", "themes": "price"}]}',
        b'{"version": 1, "labels": [{"id": 1, "themes": []}]}',
        answer() + b" " * MAX_ANSWER_BYTES,
    ],
)
def test_an_answer_of_another_form_or_version_or_that_is_too_long_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_answer(body, ["a"], ["price"])


@pytest.mark.parametrize(
    "url",
    ["model:8080", "ftp://model/", "http://", "http://model:x/", "http://me:pw@model/", "http://model/#a"],
)
def test_an_address_that_could_not_be_posted_to_is_named_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError):
        ScorerSettings(database_url=DATABASE, theme_model_url=url)


def test_there_is_no_model_until_the_operator_names_one_and_companies_agree_to_its_origin() -> None:
    assert ThemeModel.of(ScorerSettings(database_url=DATABASE)) is None
    given = ScorerSettings(database_url=DATABASE, theme_model_url="https://Model.example:8443/v1?x=1")
    model = ThemeModel.of(given)
    assert model is not None
    assert (model.origin, model.timeout_s, model.most_comments) == ("https://model.example:8443", 30, 20)
    assert origin_of(None) is None
