"""What a customer reads of the dispatcher is there in every language that we speak."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import services.dispatcher

HERE = Path(services.dispatcher.__file__).parent
READ_BY_CUSTOMERS = (
    "mail.html",
    "mail.txt",
    "mail_subject.txt",
    "unsubscribe.html",
    "unsubscribe_unknown.html",
)


@pytest.mark.parametrize("language", ["da", "nl"])
def test_every_sentence_is_translated_with_the_same_placeholders(language: str) -> None:
    found = {
        message
        for name, _, message, _, _ in extract_from_dir(
            HERE / "templates",
            [("**.html", "jinja2.ext:babel_extract"), ("**.txt", "jinja2.ext:babel_extract")],
        )
        if name in READ_BY_CUSTOMERS
    }
    with (HERE / "locales" / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = {message.id: message.string for message in read_po(source) if message.id}
    assert found <= set(catalogue)
    marks = re.compile(r"%\(\w+\)s|\{\w+\}")
    for message, words in catalogue.items():
        assert isinstance(message, str)
        assert isinstance(words, str)
        assert words
        assert sorted(marks.findall(words)) == sorted(marks.findall(message))
