"""What the page of themes says of how far the shipped ones agree with a reader."""

from services.scorer.themes.domain import ThemeSet
from services.scorer.themes.quality import QUALITY
from services.scorer.themes.shipped import SHIPPED
from shared.pages.filters import thousands
from shared.pages.language import translated


def quality_words(themes: ThemeSet) -> str:
    """In numbers of sentences; where the company has other themes, that these were not tried."""
    total = QUALITY.total
    told = translated(
        "The themes as we ship them were tried on %(n)s sentences of English product reviews that a language "
        "model had read and labelled: they named a theme in %(covered)s. Of %(found)s themes that they "
        "named it had seen %(both)s, and they missed %(missed)s of the %(labelled)s that it had seen, "
        "mostly what reviews say of a product. Comments in other languages were not tried, nor those of "
        "your customers."
    ) % {
        "n": thousands(QUALITY.sentences),
        "covered": thousands(QUALITY.covered),
        "found": thousands(total.found),
        "both": thousands(total.both),
        "missed": thousands(total.labelled - total.both),
        "labelled": thousands(total.labelled),
    }
    if themes.themes == SHIPPED.themes:
        return told
    return f"{told} {translated('Your themes are others by now; they were not tried.')}"
