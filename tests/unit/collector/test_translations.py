"""What a customer sees is said in every language that we speak."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import services.collector

HERE = Path(services.collector.__file__).parent
SAID = re.compile(r'_\(\s*"((?:[^"\\]|\\.)*)"|_\(\s*\'((?:[^\'\\]|\\.)*)\'')


def messages() -> set[str]:
    return {
        double or single
        for template in (HERE / "templates").glob("*.html")
        for double, single in SAID.findall(template.read_text())
    }


@pytest.mark.parametrize("language", ["da", "nl"])
def test_every_sentence_is_translated_with_the_same_placeholders(language: str) -> None:
    with (HERE / "locales" / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = {message.id: message.string for message in read_po(source) if message.id}
    assert set(catalogue) == messages()
    for source_words, words in catalogue.items():
        assert words
        marks = re.compile(r"%\(\w+\)s|\{\w+\}")
        assert sorted(marks.findall(words)) == sorted(marks.findall(source_words))
