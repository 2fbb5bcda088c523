"""Every sentence of the customer's pages is translated into every language of the product."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import services.collector

HERE = Path(services.collector.__file__).parent
MARKED = re.compile(r'_\(\s*"((?:[^"\\]|\\.)*)"|_\(\s*\'((?:[^\'\\]|\\.)*)\'')


def messages() -> set[str]:
    return {
        double or single
        for template in (HERE / "templates").glob("*.html")
        for double, single in MARKED.findall(template.read_text())
    }


@pytest.mark.parametrize("language", ["da", "nl"])
def test_every_sentence_is_translated_with_the_same_placeholders(language: str) -> None:
    with (HERE / "locales" / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = {message.id: message.string for message in read_po(source) if message.id}
    assert set(catalogue) == messages()
    for source_words, words in catalogue.items():
        assert isinstance(source_words, str)
        assert isinstance(words, str)
        assert words
        placeholders = re.compile(r"%\(\w+\)s|\{\w+\}")
        assert sorted(placeholders.findall(words)) == sorted(placeholders.findall(source_words))
