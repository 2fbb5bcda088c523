"""The forms of a page, with the values that a browser would send."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form that is posted: its address and the values of its fields, without unchecked boxes."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


def forms_of(page: str) -> list[Form]:
    """The page's forms with the method POST."""
    parser = _FormParser()
    parser.feed(page)
    return [form for form in parser.forms if form is not None]


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form | None] = []
        self._select = self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        name = attributes.get("name", "")
        if tag == "form":
            posted = attributes.get("method", "get").lower() == "post"
            self.forms.append(Form(attributes["action"]) if posted else None)
        if not self.forms or (form := self.forms[-1]) is None:
            return
        if (
            tag == "input"
            and name
            and (attributes.get("type") not in {"checkbox", "radio"} or "checked" in attributes)
        ):
            form.fields[name] = attributes.get("value", "")
        elif tag == "select":
            self._select = name
        elif (
            tag == "option" and self._select and ("selected" in attributes or self._select not in form.fields)
        ):
            form.fields[self._select] = attributes.get("value", "")
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
