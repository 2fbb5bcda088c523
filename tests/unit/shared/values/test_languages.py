"""Language tags: one form for all spellings, and the wider tags of a narrow one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatcher.decisions.domain import language_of
from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.decisions.values import CandidateSurvey
from shared.pages.language import first_available, negotiate
from shared.values.languages import language_tag, widening


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        *(("en", "en"), ("DA", "da"), (" nl ", "nl"), ("pt-BR", "pt-br"), ("pt_BR", "pt-br")),
        *(
            ("zh-Hant-TW", "zh-hant-tw"),
            ("sr_Latn", "sr-latn"),
            ("de-CH-1996", "de-ch-1996"),
            ("es-419", "es-419"),
        ),
        *(
            ("e", None),
            ("", None),
            ("english", None),
            ("da-", None),
            ("da--DK", None),
            ("d1", None),
            ("-", None),
        ),
        *(
            ("x-klingon", None),
            ("da-DK\0", None),
            ("dá", None),
            ("en-" + "a" * 9, None),
            ("en" + "-abcdefgh" * 6, None),
        ),
    ],
)
def test_a_tag_has_one_form_in_all_spellings(written: str, tag: str | None) -> None:
    assert language_tag(written) == tag


@given(st.text(st.sampled_from("abZ1-_ "), max_size=20))
def test_the_canonical_form_is_idempotent(text: str) -> None:
    tag = language_tag(text)
    assert tag is None or language_tag(tag) == tag


def test_a_language_is_looked_for_from_the_narrow_to_the_wide() -> None:
    assert list(widening("zh-Hant_TW")) == ["zh-hant-tw", "zh-hant", "zh"]
    assert list(widening("")) == []
    assert list(widening("no-NO")) == ["no-no", "no", "nb"]
    assert first_available(["zh-hant-tw"], ["en", "zh-hant"]) == "zh-hant"
    assert negotiate("zh-Hant-TW, da;q=0.5", ["da", "zh-hant"]) == "zh-hant"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh-Hant-TW", "zh-hant"), ("zh_TW", "zh"), ("pt-BR", "pt-br"), ("pt", "da"), (None, "da")],
)
def test_a_customer_is_asked_in_the_narrowest_of_their_languages_that_has_texts(
    locale: str | None, language: str
) -> None:
    survey = CandidateSurvey(
        id=UUID(int=1), survey_version=1, name="n", trigger="t", languages=("zh", "zh-hant", "pt-br")
    )
    assert language_of(locale, ContactPolicy(standard_languages=("en", "da")), survey, ["da"]) == language


@pytest.mark.parametrize("locale", ["nb-NO", "no", "no-NO", "nn_NO"])
def test_every_norwegian_is_asked_in_bokmal(locale: str) -> None:
    survey = CandidateSurvey(id=UUID(int=1), survey_version=1, name="n", trigger="t")
    assert language_of(locale, ContactPolicy(), survey, ["en"]) == "nb"
    assert negotiate(f"{locale.replace('_', '-')}, en;q=0.5", ["en", "nb"]) == "nb"
