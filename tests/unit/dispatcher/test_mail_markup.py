"""A mail holds in the programs of this world: what its HTML may be made of, its colors, its text part."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from msgspec.structs import replace
from support.http_clients import afterword_settings
from support.mail_markup import (
    Element,
    as_word_sees_it,
    contrast,
    dark_sheet,
    inverted,
    outlook_rules,
    read_markup,
)

from services.dispatcher.invitations.survey_mail import ReminderMail, RenderedMail, SurveyMailRenderer
from services.dispatcher.surveys.domain import SurveyDraft
from services.dispatcher.surveys.sample_invitations import sample_invitation
from services.dispatcher.surveys.texts import STANDARD_LANGUAGES
from shared.events import SurveyTexts, Tenant
from shared.events.surveys import Layout
from shared.ids import uuid7
from shared.values.colours import darkened

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RENDERER = SurveyMailRenderer(afterword_settings("127.0.0.1:1", mail_from="ask@shop.example"), lambda: NOW)
TENANT = Tenant(
    id="havnbo", version=1, name="Havnbo", time_zone="Europe/Copenhagen", country="DK",
    postal_address="Havnbo A/S, Havnegade 1, 8000 Aarhus",
)  # fmt: skip
REMINDER = ReminderMail(number=1, of=2, asked_at=NOW - timedelta(days=5))
LONG = SurveyTexts(intro="Kære kunde, æøå. " * 120, question="Hvor sandsynligt er det? " * 80)
LAYOUTS: Sequence[Layout] = ("horizontal", "vertical")
ALL = [(language, layout) for language in STANDARD_LANGUAGES for layout in LAYOUTS]
MAX_BYTES = 102 * 1024
"""Gmail shows no more of a message."""
MIN_CONTRAST = 4.5
ACCENTS = (None, "#a3156f", darkened("#ffcc00"))
STYLES = {
    "background-color", "border", "border-collapse", "border-top", "color", "display", "font-family", "font-size",
    "font-weight", "height", "line-height", "margin", "max-height", "max-width", "mso-hide",
    "mso-line-height-rule", "overflow", "overflow-wrap", "padding", "table-layout", "text-align",
    "text-decoration", "vertical-align", "width", "word-break",
}  # fmt: skip
"""What Word lays out, or what nothing depends on where it does not."""


@cache
def mail(
    language: str = "en",
    layout: Layout = "horizontal",
    texts: SurveyTexts = LONG,
    *,
    remind: bool = True,
    accent: str | None = None,
) -> RenderedMail:
    survey = SurveyDraft(name="Delivery", trigger="order.delivered", anonymous=True)
    invitation = sample_invitation(uuid7(), survey, language, NOW)
    company = replace(TENANT, accent=accent)
    return RENDERER.render(invitation, company, texts, REMINDER if remind else None, layout)


@cache
def document(language: str = "en", layout: Layout = "horizontal", *, accent: str | None = None) -> Element:
    return read_markup(mail(language, layout, accent=accent).html)


def name_of(element: Element) -> str:
    return f"<{element.tag} {element.attributes}>"


@pytest.mark.parametrize(("language", "layout"), ALL)
def test_each_mail_fits_what_gmail_shows_and_is_whole_in_word_and_elsewhere(
    language: str, layout: Layout
) -> None:
    html = mail(language, layout).html
    assert len(html.encode()) < MAX_BYTES / 5
    word = read_markup(as_word_sees_it(html))
    for one in (document(language, layout), word):
        for table in one.all("table"):
            said = [table.attributes.get(each) for each in ("role", "cellpadding", "cellspacing", "border")]
            assert said == ["presentation", "0", "0", "0"], name_of(table)
    assert len(word.all("table")) > len(document(language, layout).all("table"))
    assert any(table.attributes.get("width") == "560" for table in word.all("table"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_is_made_of_tables_and_of_what_word_knows(layout: Layout) -> None:
    for element in document("en", layout).elements:
        style = element.style
        assert style.keys() <= STYLES, name_of(element)
        assert style.get("display", "block") in {"none", "block", "inline-block"}, name_of(element)
        assert "url(" not in element.attributes.get("style", ""), name_of(element)
        if element.tag not in {"td", "a", "body"}:
            assert "padding" not in style, name_of(element)
        if element.tag == "td" and "width" in style:
            assert style["width"] == f"{element.attributes['width']}px", name_of(element)
        if element.tag == "td" and "height" in style:
            assert style["height"] == f"{element.attributes['height']}px", name_of(element)
        if element.tag == "div" and not element.is_hidden:
            assert style == {}, name_of(element)
        if element.parent is not None and element.parent.tag == "tr":
            assert element.tag == "td", name_of(element)
    assert document("en", layout).all("img") == []
    # An exact height of lines, where a cell is to be no higher than they are.
    low = [one for one in document("en", layout).all("td") if one.style.get("line-height") == "1px"]
    assert {one.style["mso-line-height-rule"] for one in low} == {"exactly"}


@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_text_can_be_read_in_light_dark_inverted_and_without_style_sheets(
    layout: Layout, accent: str | None
) -> None:
    html, read = mail("en", layout, accent=accent).html, 0
    dark = dark_sheet(html)
    assert (accent is None) == ("m-brand" not in html)
    for element in document("en", layout, accent=accent).elements:
        own = element.style
        if "background-color" in own:
            assert "color" in own, name_of(element)
            if element.tag in {"td", "table", "body"}:
                assert element.attributes["bgcolor"] == own["background-color"], name_of(element)
        if not element.own_text or element.is_hidden:
            continue
        read += 1
        light = [element.color(name, {}) for name in ("color", "background-color")]
        shown = [element.color(name, dark) for name in ("color", "background-color")]
        turned = [inverted(color) for color in light]
        for text, ground in (light, shown, turned):
            assert contrast(text, ground) >= MIN_CONTRAST, (name_of(element), text, ground)
        assert shown[0] != light[0], name_of(element)
    assert read > 15


@pytest.mark.parametrize("accent", ACCENTS)
def test_outlook_on_the_web_has_the_colors_of_dark_mode_from_a_style_sheet_of_its_own(
    accent: str | None,
) -> None:
    html = mail(accent=accent).html
    dark, said = dark_sheet(html), outlook_rules(html)
    assert {(name, key, value) for _, name, body in said for key, value in body.items()} == {
        (name, key, value) for name, body in dark.items() for key, value in body.items()
    }
    for attribute, _, body in said:
        assert (attribute == "data-ogsc") == ("color" in body)
    first, second = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "[" not in first
    assert "@media" not in second
    used = {name for element in document(accent=accent).elements for name in element.classes}
    assert used == dark.keys()


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_a_screen_reader_is_told_language_direction_and_where_each_link_goes(language: str) -> None:
    for layout in LAYOUTS:
        page = document(language, layout)
        assert page.attributes["lang"] == language
        assert page.attributes["dir"] == "ltr"
        assert [one.text for one in page.all("title")] != [""]
        assert len(page.all("h1")) == 1
        assert not any(page.all(f"h{level}") for level in range(2, 7))
        links = {link.attributes.get("aria-label") or link.text: link for link in page.all("a")}
        assert len(links) == len(page.all("a")) == 12
        assert "" not in links
        scores = [link.text for link in page.all("a")[:11]]
        assert scores == [str(n) for n in (range(11) if layout == "horizontal" else range(10, -1, -1))]
        question = list(page.elements).index(page.all("h1")[0])
        assert question < list(page.elements).index(page.all("a")[0])


def test_what_stands_beside_the_subject_is_the_first_text_and_hidden_in_the_mail() -> None:
    body = document().all("body")[0]
    first = next(one for one in body.elements if one.own_text)
    assert first.is_hidden
    assert first.style["mso-hide"] == "all"
    assert "aria-label" not in first.attributes


@pytest.mark.parametrize("language", STANDARD_LANGUAGES)
def test_the_text_part_can_be_read_alone(language: str) -> None:
    whole = mail(language, texts=SurveyTexts())
    lines = [" ".join(line.split()) for line in whole.text.splitlines()]
    links = [line for line in lines if "://" in line]
    assert [line.partition("://")[2].split("/")[1] for line in links] == ["s", "u"]
    assert not any(" " in link for link in links)
    (question,) = [one.text for one in read_markup(whole.html).all("h1")]
    assert lines.index(question) < lines.index(links[0])
    assert lines[lines.index(links[0]) - 1].endswith(":")
    assert not re.search(r"<|&\w+;|\{|\n\n\n\n", whole.text)
    assert max(map(len, lines)) < 998
