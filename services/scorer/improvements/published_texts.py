"""What customers read of an action, in their language."""

from typing import NamedTuple

from shared.pages.language import native_name, rendering_for, translated
from shared.pages.renderer import Renderer


class PublishedTextView(NamedTuple):
    """What customers read in one language."""

    language: str
    name: str
    """Of the language, in it."""
    heading: str
    text: str


def published_text(renderer: Renderer, language: str, text: str) -> PublishedTextView:
    """A text below its heading."""
    with rendering_for(renderer.reader(language, None)):
        heading = translated("You said, we did")
    return PublishedTextView(language, native_name(language), heading, text)
