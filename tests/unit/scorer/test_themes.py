"""Themes: which comments name them, what is wrong with a draft, and what their figures are. B7 of domain facts."""

import math
import re
from fractions import Fraction
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.domain import Groups, impact_of
from services.scorer.themes import labels
from services.scorer.themes.domain import (
    MAX_STEMS_PER_THEME,
    MAX_THEMES,
    Theme,
    faults_of,
)
from services.scorer.themes.forms import FORM_LANGUAGES, ThemesForm
from services.scorer.themes.impact import MatchedAnswers, figures_of
from services.scorer.themes.labels import SHIPPED_NAMES
from services.scorer.themes.matching import MAX_SEARCHED_CHARS, ThemeMatcher
from services.scorer.themes.shipped import SHIPPED
from services.scorer.themes.stems import MAX_STEM_CHARS, BadStem, folded, parse_stem
from services.scorer.themes.words import log_odds_z, telling_words

from .theme_sentences import SENTENCES

MATCHER = ThemeMatcher(SHIPPED.themes)
few = st.integers(0, 60)
groups = st.builds(Groups, few, few, few)
letters = st.text("abkøß-' ", max_size=30)
ROWS = [
    pytest.param(theme, language, *row, id=f"{theme} {language} {row[0]}")
    for theme, by_language in SENTENCES.items()
    for language, rows in by_language.items()
    for row in rows
]


def a_theme(key: str, *stems: str, language: str = "en") -> Theme:
    return Theme(id=key, name=key, stems={language: stems})


def named(comment: str, *themes: Theme, language: str | None = "en") -> tuple[str, ...]:
    return ThemeMatcher(themes).themes_of(comment, language)


def test_each_shipped_stem_has_its_two_sentences() -> None:
    shipped = {
        (theme.id, language, stem)
        for theme in SHIPPED.themes
        for language, stems in theme.stems.items()
        for stem in stems
    }
    written = {
        (theme, language, stem)
        for theme, by_language in SENTENCES.items()
        for language, rows in by_language.items()
        for stem, _, _ in rows
    }
    assert written == shipped
    assert {language for _, language, _ in shipped} == set(FORM_LANGUAGES)


@pytest.mark.parametrize(("theme", "language", "stem", "first", "second"), ROWS)
def test_a_shipped_stem_finds_its_sentence_and_not_the_other_one(
    theme: str, language: str, stem: str, first: str, second: str
) -> None:
    if stem.startswith("-"):
        # What it excuses, some other stem of the theme would have found.
        without = [
            Theme(id=theme, stems={language: tuple(each for each in own.stems[language] if each != stem)})
            for own in SHIPPED.themes
            if own.id == theme
        ]
        assert theme in ThemeMatcher(without).themes_of(first, language)
        assert theme not in MATCHER.themes_of(first, language)
        assert theme in MATCHER.themes_of(second, language)
    else:
        assert named(first, a_theme(theme, stem, language=language), language=language) == (theme,)
        assert theme in MATCHER.themes_of(first, language)
        assert theme not in MATCHER.themes_of(second, language)


@pytest.mark.parametrize(
    ("comment", "language", "themes"),
    [
        ("Great price and great quality", "en", ("price", "product")),
        ("I am waiting for my refund", "en", ("returns",)),
        ("Jeg mangler min tilbagebetaling", "da", ("returns",)),
        ("Ik wacht op een terugbetaling", "nl", ("returns",)),
        ("Ik wacht op een terugbetaling", None, ("returns",)),
        ("Leveringen var forsinket", "nb", ("delivery",)),
        ("The ＰＡＲＣＥＬ was late", "en-GB", ("delivery",)),
        ("Pakken er væk, and nobody told me", "de", ("delivery", "communication")),
        ("", "en", ()),
    ],
)
def test_the_faults_that_were_seen_are_mended(comment: str, language: str, themes: tuple[str, ...]) -> None:
    assert MATCHER.themes_of(comment, language) == themes


def test_a_star_stands_for_letters_and_without_one_a_word_begins_or_ends() -> None:
    for stem, finds in {
        "bill": {"the bill"},
        "bill*": {"the bill", "billing"},
        "*bill": {"the bill", "handbill"},
        "*bill*": {"the bill", "billing", "handbill", "handbills"},
    }.items():
        comments = ("the bill", "billing", "handbill", "handbills")
        assert {each for each in comments if named(each, a_theme("b", stem))} == finds


def test_the_longest_stem_wins_where_two_themes_claim_the_same_words() -> None:
    short, long, other = a_theme("short", "wait*"), a_theme("long", "waiting room"), a_theme("other", "room*")
    assert named("In the waiting room", short, long, other) == ("long",)
    assert named("In the waiting room we wait", short, long, other) == ("short", "long")
    # Neither is longer: both are named.
    assert named("wait", short, a_theme("same", "wait*")) == ("short", "same")


def test_a_longer_stem_of_a_theme_that_is_not_meant_claims_nothing() -> None:
    charger = a_theme("charger", "charger broke", "-charger broke down")
    assert named("The charger broke down", charger, a_theme("broken", "broke")) == ("broken",)


@given(st.lists(letters, min_size=1, max_size=8), letters)
def test_matching_is_what_looking_at_every_place_comes_to(stems: list[str], comment: str) -> None:
    known = []
    for number, stem in enumerate(stems):
        written = f"{'*' if number % 2 else ''}{stem.strip('-')}{'*' if number % 3 else ''}"
        try:
            parse_stem(written)
        except BadStem:
            continue
        known.append(written)
    text = folded(comment)
    for written in known:
        parsed = parse_stem(written)
        # An expression of our own, of a stem that is escaped: only this test runs one.
        before = r"(?<![^\W_])" if parsed.begins_word else ""
        after = r"(?![^\W_])" if parsed.ends_word else ""
        expected = re.search(before + re.escape(parsed.text) + after, text) is not None
        assert bool(named(comment, a_theme("t", written))) is expected, written


def test_a_comment_takes_time_by_its_own_length_whatever_the_stems_are() -> None:
    stems = tuple("*" + "a" * length + "*" for length in range(2, MAX_STEM_CHARS - 1))
    matcher = ThemeMatcher([a_theme(f"t{number}", *stems) for number in range(MAX_THEMES)])
    began = perf_counter()
    for comment in ("a" * 10_000, ("a" * 57 + "b") * 200, "ab" * 5_000):
        matcher.themes_of(comment, "en")
    assert perf_counter() - began < 5, "a backtracking expression would take years"


def test_what_stands_far_behind_in_a_comment_names_nothing() -> None:
    assert named(" " * MAX_SEARCHED_CHARS + "bill", a_theme("b", "bill")) == ()


@pytest.mark.parametrize(
    "written", ["", "a", "*a*", "**", "a*b", "*", "-", "-*", "..", "x" * (MAX_STEM_CHARS + 1), "- -"]
)
def test_what_is_no_stem_is_refused(written: str) -> None:
    with pytest.raises(BadStem):
        parse_stem(written)


@pytest.mark.parametrize("written", ["(a+)+$", "[a-z]{9}", ".*x", "\\d+", "a|b"])
def test_an_expression_is_only_text(written: str) -> None:
    try:
        theme = a_theme("t", written)
        parse_stem(written)
    except BadStem:
        return
    assert named("aaaaaaaaaaaaaaaa 123 bx", theme) == ()
    assert named(f"so {written.strip('*')} there", theme) == ("t",)


@pytest.mark.parametrize(
    ("themes", "path"),
    [
        ([a_theme(f"t{number}", "ab") for number in range(MAX_THEMES + 1)], ()),
        ([a_theme("a b", "ab")], (0, "id")),
        ([a_theme("Ab", "ab")], (0, "id")),
        ([a_theme("x" * 41, "ab")], (0, "id")),
        ([a_theme("a", "ab"), Theme(id="a", name="other")], (1, "id")),
        ([Theme(id="own")], (0, "name")),
        ([Theme(id="own", name="x" * 61)], (0, "name")),
        ([Theme(id="a", name="Tea"), Theme(id="b", name="TEA")], (1, "name")),
        ([Theme(id="a", name="a", cause="weather")], (0, "cause")),
        ([a_theme("a", "ab", "x")], (0, "stems", "en", 1)),
        ([a_theme("a", *(f"ab{number}" for number in range(MAX_STEMS_PER_THEME + 1)))], (0, "stems", "en")),
    ],
)
def test_what_is_wrong_with_a_draft_is_said_where_it_is(
    themes: list[Theme], path: tuple[str | int, ...]
) -> None:
    assert [fault.path for fault in faults_of(themes, SHIPPED_NAMES)] == [path]


def test_the_shipped_themes_have_names_and_no_faults() -> None:
    assert faults_of(SHIPPED.themes, SHIPPED_NAMES) == []
    assert [theme.id for theme in SHIPPED.themes] == list(SHIPPED_NAMES)


@given(groups, groups)
def test_b7_the_impact_is_the_same_in_three_ways(theme: Groups, others: Groups) -> None:
    answers = Groups(
        theme.detractors + others.detractors,
        theme.passives + others.passives,
        theme.promoters + others.promoters,
    )
    impact = impact_of(theme, answers)
    if theme.n < 10 or others.n < 10 or theme.nps is None or others.nps is None or answers.nps is None:
        assert impact is None
        return
    assert impact == theme.n * (theme.nps - answers.nps) / (answers.n - theme.n)
    assert impact == answers.nps - others.nps
    assert impact == Fraction(theme.n, answers.n) * (theme.nps - others.nps)


def test_b7_a_theme_that_all_name_has_no_impact() -> None:
    assert impact_of(Groups(20, 5, 5), Groups(20, 5, 5)) is None


def test_b7_the_published_example() -> None:
    """74 answers with a score of -43.24; 12 of them with -25 are linked with +3.53 points."""
    answers = Groups(46, 14, 14)
    assert round(float(answers.nps or 0), 2) == -43.24
    assert round(float(impact_of(Groups(5, 5, 2), answers) or 0), 2) == 3.53


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abx")), st.booleans(), st.booleans(), groups), max_size=12)
)
def test_the_figures_are_what_counting_one_by_one_comes_to(
    counted: list[tuple[set[str], bool, bool, Groups]],
) -> None:
    rows = [
        MatchedAnswers(tuple(sorted(themes)), wrote, is_matched, groups)
        for themes, wrote, is_matched, groups in counted
    ]
    figures = figures_of(rows, ["a", "b"])
    wrote = [row for row in rows if row.wrote]
    assert figures.answers.n == sum(row.groups.n for row in rows)
    assert figures.wrote.n == sum(row.groups.n for row in wrote)
    assert figures.uncovered == sum(row.groups.n for row in wrote if not {"a", "b"} & set(row.themes))
    assert figures.waiting == sum(row.groups.n for row in wrote if not row.is_matched)
    for each in figures.themes:
        own = [row.groups for row in wrote if each.theme in row.themes]
        assert each.groups.n == sum(group.n for group in own)
        assert each.share.part == sum(group.detractors for group in own)
        assert each.share.whole == sum(row.groups.detractors for row in wrote)
        assert (each.share.interval is None) == (each.share.whole < 10)
    frequencies = [each.share.part for each in figures.themes]
    assert frequencies == sorted(frequencies, reverse=True)


def test_what_a_theme_is_linked_with_is_never_worded_as_a_cause() -> None:
    themes = figures_of([MatchedAnswers(("a",), True, True, Groups(30, 3, 2))], ["a"])
    words = f"{labels.finding(themes, {'a': 'Delivery'})} {labels.impact_words(Fraction(-3))}"
    assert "Delivery is named most: by 30 of the 30 unhappy customers who wrote." in words
    assert not re.search(r"because|caused|due to", words)


def test_log_odds_by_hand() -> None:
    """40 of 4,000 words against 10 of 6,000: a prior of 500 * 50 / 10,000 = 2.5 for the word."""
    first, second = 42.5 / (4_500 - 42.5), 12.5 / (6_500 - 12.5)
    expected = (math.log(first) - math.log(second)) / math.sqrt(1 / 42.5 + 1 / 12.5)
    assert log_odds_z(40, 4_000, 10, 6_000) == pytest.approx(expected)
    assert log_odds_z(40, 4_000, 10, 6_000) == pytest.approx(4.97, abs=0.005)
    assert log_odds_z(20, 5_000, 20, 5_000) == pytest.approx(0)


def test_words_are_told_from_200_comments_on_each_side_and_five_customers_a_word() -> None:
    stale = ["It tasted stale, order 4711"] * 60 + ["Rather bland"] * 4
    plain = [f"A fine lamp {word}" for word in ("here", "there", "now", "then")] * 50
    for here, there, told in ((200, 200, True), (199, 200, False), (200, 199, False)):
        words = telling_words([*stale, *plain][:here], plain[:there])
        assert bool(words) is told
    words = telling_words([*stale, *plain][:200], plain)
    assert {"stale", "tasted", "tasted stale"} <= {each.word for each in words}
    assert words[0].here == 60
    assert not {each.word for each in words} & {"bland", "4711", "lamp", "fine"}
    assert all(each.z >= 1.96 and each.here >= 5 for each in words)


def test_with_400_comments_on_each_side_only_nearly_certain_words_are_told() -> None:
    rest = [f"A lamp number {'x' * (number % 40 + 1)}" for number in range(400)]
    for customers, tentative, certain in ((9, True, False), (13, True, True)):
        some = ["A lamp of dust"] * customers + rest[customers:]
        assert ("dust" in {each.word for each in telling_words(some[:399], rest[:399])}) is tentative
        assert ("dust" in {each.word for each in telling_words(some, rest)}) is certain


def test_the_form_keeps_what_it_does_not_show_and_makes_ids_for_new_themes() -> None:
    known = SHIPPED
    form = ThemesForm.of(known)
    assert form.draft(known) == known.themes
    german = Theme(id="tea", name="Tea", stems={"de": ("tee*",), "en": ("tea*",)})
    own = type(known)(version=7, themes=(german,))
    typed = ThemesForm.read(
        {
            "version": "7",
            "id_0": "tea",
            "name_0": "Tea",
            "stems_0_en": "tea*\r\n\r\n teapot  \ntea*",
            "id_3": "",
            "name_3": "Tæpper & Gulve",
            "stems_3_da": "tæppe*",
            "id_5": "",
            "name_5": "Tea",
            "id_6": "",
            "name_6": " ",
            "id_7": "gone",
            "name_7": "Gone",
            "drop_7": "on",
        }
    )
    assert typed.draft(own) == (
        Theme(id="tea", name="Tea", stems={"de": ("tee*",), "en": ("tea*", "teapot")}),
        Theme(id="tpper-gulve", name="Tæpper & Gulve", stems={"da": ("tæppe*",)}),
        Theme(id="theme-1", name="Tea"),
    )
    faults = faults_of(typed.draft(own), SHIPPED_NAMES)
    assert list(typed.faults_by_field(faults)) == ["name_5"]


def test_a_fault_of_a_stem_names_the_stem_at_its_field() -> None:
    typed = ThemesForm.read({"id_2": "tea", "name_2": "Tea", "stems_2_nl": "thee*\nt\n*"})
    faults = faults_of(typed.draft(SHIPPED), SHIPPED_NAMES)
    found = typed.faults_by_field(faults)
    assert list(found) == ["stems_2_nl"]
    assert "“t”:" in found["stems_2_nl"]
    assert "“*”:" in found["stems_2_nl"]


def test_a_suggested_word_is_added_to_one_theme_as_the_beginning_of_a_word() -> None:
    form = ThemesForm.of(SHIPPED).with_stem(0, "en|stale")
    assert form.themes[0].stems["en"].endswith("\nstale*")
    assert form.themes[1:] == ThemesForm.of(SHIPPED).themes[1:]
    for strange in ("", "en|", "xx|stale", "stale"):
        assert ThemesForm.of(SHIPPED).with_stem(0, strange) == ThemesForm.of(SHIPPED)
