"""What a customer sees: the links of a mail or a text and the forms of a page, parsed as a browser does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from deploy.local.mail import links

Attributes = Sequence[tuple[str, str | None]]


@dataclass(slots=True)
class Form:
    """A form of a page."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    """What a browser would send without any input."""
    choices: dict[str, list[str]] = field(default_factory=dict)
    """The values of each group of radios or check boxes."""
    texts: list[str] = field(default_factory=list)
    """The names of the text areas."""


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._form: Form | None = None
        self._writing: str | None = None

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(urljoin(self._url, named.get("action", "")), named.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and "name" in named and "disabled" not in named:
            self._field(self._form, tag, named)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._writing = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._writing is not None:
            # As in a browser: a line break directly after the tag is not part of the text.
            written = self._form.values[self._writing]
            self._form.values[self._writing] = written + data if written else data.removeprefix("\n")

    def _field(self, form: Form, tag: str, named: dict[str, str]) -> None:
        name, kind = named["name"], named.get("type", "text").lower()
        if tag == "textarea":
            form.texts.append(name)
            form.values[name] = ""
            self._writing = name
        elif tag == "input" and kind in {"radio", "checkbox"}:
            value = named.get("value", "on")
            form.choices.setdefault(name, []).append(value)
            if "checked" in named:
                form.values[name] = value
        elif tag == "input" and kind not in {"submit", "button", "image", "reset", "file"}:
            form.values[name] = named.get("value", "")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if tag == "a":
            self.found.append((dict(attrs).get("href") or "", ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            link, text = self.found[-1]
            self.found[-1] = (link, text + data)


def read_forms(page: str, url: str) -> list[Form]:
    """All forms of the page at this address."""
    reader = _Forms(url)
    reader.feed(page)
    reader.close()
    return reader.forms


def survey_form(page: str, url: str) -> Form | None:
    """The form that asks for a score; None if the page has none (yet)."""
    forms = (found for found in read_forms(page, url) if found.method == "post")
    return next((found for found in forms if "score" in found.choices), None)


def objection_form(page: str, url: str) -> Form | None:
    """The form by which a customer says that it is not solved; None if the page has none (any more)."""
    return next((found for found in read_forms(page, url) if "closing" in found.values), None)


def score_link(html: str, score: int) -> str | None:
    """The link to the survey page that shows this score; None in a mail of another kind."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    shown = (link for link, text in reader.found if text.strip() == str(score))
    return next(filter(_is_to_a_survey, shown), None)


def survey_link(text: str) -> str | None:
    """The link to the survey page in a text message; None in one of another kind."""
    return next(filter(_is_to_a_survey, links(text)), None)


def _is_to_a_survey(link: str) -> bool:
    return urlsplit(link).path.startswith("/s/")
