"""The forms of a page as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form that is posted: where to, and what stands in its fields; boxes that are not ticked are left out."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


def forms_of(page: str) -> list[Form]:
    """Every form of the page that is posted."""
    reader = _Reader()
    reader.feed(page)
    return [form for form in reader.forms if form is not None]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form | None] = []
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("name", "")
        if tag == "form":
            posted = found.get("method", "get").lower() == "post"
            self.forms.append(Form(found["action"]) if posted else None)
        if not self.forms or (form := self.forms[-1]) is None:
            return
        if tag == "input" and name and (found.get("type") not in {"checkbox", "radio"} or "checked" in found):
            form.fields[name] = found.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in found or self._select not in form.fields):
            form.fields[self._select] = found.get("value", "")
        elif tag == "textarea":
            self._text = name
            form.fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text and self.forms and (form := self.forms[-1]) is not None:
            form.fields[self._text] += data
