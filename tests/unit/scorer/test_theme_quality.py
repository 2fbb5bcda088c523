"""The shipped themes against labels of a reader: what is told of it is counted again here, and nothing else is."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import pytest
from support.theme_sample import all_sentences, drawn_samples

from services.scorer.themes.domain import Theme, ThemeSet
from services.scorer.themes.matching import ThemeMatcher
from services.scorer.themes.quality import QUALITY, Agreement, Quality
from services.scorer.themes.quality_schemas import QualityOut
from services.scorer.themes.quality_words import quality_words
from services.scorer.themes.shipped import SHIPPED

from .theme_labels import FIRST_SAMPLE, SECOND_SAMPLE

README = Path(__file__).parents[3] / "services" / "scorer" / "README.md"
IDS = [theme.id for theme in SHIPPED.themes]


def labels_of(sample: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """The themes of each sentence, by its id."""
    labels = {key: frozenset(themes.split()) for themes, keys in sample.items() for key in keys.split()}
    assert len(labels) == sum(len(keys.split()) for keys in sample.values()), "a sentence is labelled twice"
    assert frozenset().union(*labels.values()) <= {*IDS}
    return labels


def counted(sample: Mapping[str, str]) -> Quality:
    labels, sentences, matcher = labels_of(sample), all_sentences(), ThemeMatcher(SHIPPED.themes)
    found = {key: frozenset(matcher.themes_of(sentences[key].text, "en")) for key in labels}
    return Quality(
        sentences=len(labels),
        covered=sum(map(bool, found.values())),
        labelled=sum(map(bool, labels.values())),
        themes={
            theme: Agreement(
                len(labels),
                labelled=sum(theme in each for each in labels.values()),
                found=sum(theme in each for each in found.values()),
                both=sum(theme in found[key] & labels[key] for key in labels),
            )
            for theme in IDS
        },
    )


def test_the_labelled_sentences_are_those_that_the_seed_draws() -> None:
    first, second = drawn_samples()
    assert (len(first), len(second), len({*first, *second})) == (300, 100, 400)
    assert (sorted(labels_of(FIRST_SAMPLE)), sorted(labels_of(SECOND_SAMPLE))) == (
        sorted(first),
        sorted(second),
    )


def test_the_figures_that_are_told_are_those_of_the_second_sample() -> None:
    assert counted(SECOND_SAMPLE) == QUALITY


def test_the_readme_tells_them_and_those_of_the_sample_that_the_stems_were_mended_on() -> None:
    readme = " ".join(README.read_text(encoding="utf-8").split())
    for sample in (QUALITY, counted(FIRST_SAMPLE)):
        words = (
            f"{sample.covered} of {sample.sentences} covered; precision {shown(sample.total.precision)}, "
            f"recall {shown(sample.total.recall)}, F1 {shown(sample.total.f1)}"
        )
        assert words in readme, words
    for theme, each in QUALITY.themes.items():
        figures = map(shown, (each.precision, each.recall, each.f1, each.kappa))
        row = f"| {theme} | {each.labelled} | {each.found} | {each.both} | {' | '.join(figures)} |"
        assert row in readme, row


def shown(value: Fraction | None) -> str:
    """With two decimals; a dash where it is not defined."""
    return "-" if value is None else f"{float(value):.2f}"


def test_the_figures_of_an_agreement_by_hand() -> None:
    """20 both, 5 the matcher alone, 10 the reader alone, 15 neither: the usual example of Cohen's kappa."""
    each = Agreement(50, labelled=30, found=25, both=20)
    assert each.kappa == Fraction(2, 5)
    assert (each.precision, each.recall, each.f1) == (Fraction(4, 5), Fraction(2, 3), Fraction(8, 11))


@pytest.mark.parametrize(
    ("each", "figures"),
    [
        (Agreement(10, labelled=0, found=0, both=0), (None, None, None, None)),
        (Agreement(10, labelled=0, found=1, both=0), (0, None, 0, 0)),
        (Agreement(10, labelled=1, found=0, both=0), (None, 0, 0, 0)),
        (Agreement(10, labelled=10, found=10, both=10), (1, 1, 1, None)),
        (Agreement(10, labelled=5, found=5, both=0), (0, 0, 0, -1)),
    ],
)
def test_what_is_not_defined_is_not_told_as_a_number(
    each: Agreement, figures: tuple[int | None, ...]
) -> None:
    assert (each.precision, each.recall, each.f1, each.kappa) == figures


def test_who_has_other_themes_is_told_that_the_figures_are_not_of_these() -> None:
    own = ThemeSet(version=3, themes=(*SHIPPED.themes[1:], Theme(id="taste", name="Taste")))
    renumbered = ThemeSet(version=7, themes=SHIPPED.themes)
    for themes, is_shipped in ((SHIPPED, True), (renumbered, True), (own, False)):
        body = QualityOut.of(themes)
        assert body.is_of_these_themes is is_shipped
        assert (body.sentences, body.sentences_covered) == (QUALITY.sentences, QUALITY.covered)
        assert ("Your themes are others by now" in quality_words(themes)) is not is_shipped
    words = quality_words(SHIPPED)
    assert "on 100 sentences of English product reviews" in words
    assert f"they named a theme in {QUALITY.covered}." in words
    missed = QUALITY.total.labelled - QUALITY.total.both
    product = QUALITY.themes["product"]
    assert product.labelled - product.both > missed / 2, "what is missed is mostly of the product"
    assert f"missed {missed} of the {QUALITY.total.labelled}" in words
