"""The elements of all charts: horizontal positions in per cent, heights in pixels, colours by CSS class.

The outer element has no viewBox, so a chart stretches with its page while its text keeps its size. The SVG is
our own: no chart library makes stretchable charts without the inline styles that our security policy forbids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from shared.events import nps
from shared.pages.filters import signed
from shared.pages.language import translated
from shared.values.rounding import half_up

FEW_ANSWERS = 30
"""Below, a score is drawn hatched."""
TOO_FEW_ANSWERS = 10
"""Below, no score is drawn."""
GroupClass = Literal["d", "pa", "p"]
"""The CSS class of detractors, passives and promoters."""
Anchor = Literal["start", "middle", "end"]
_MAX_SCORE_WITH_ENDS_ON_BOTH_SIDES = 84
"""The end of an interval beyond it leaves no room for its label on the outer side."""
_MAX_CENTRED_SCORE = 72
"""Beyond it a large number is aligned to its side, so that it stays on the page."""


@dataclass(frozen=True, slots=True)
class ChartScore:
    """A score with its computed intervals."""

    n: int
    nps: float
    low95: float
    high95: float
    low50: float
    high50: float

    @property
    def few(self) -> bool:
        """Whether there are too few answers to compare: drawn hatched, without the 50 % block."""
        return self.n < FEW_ANSWERS

    @property
    def margin(self) -> float | None:
        """Half the width of the interval; None when its halves differ by so much that both ends are shown."""
        half = (self.high95 - self.low95) / 2
        return None if abs((self.low95 + self.high95) / 2 - self.nps) > half / 4 else half


_GROUP_CLASSES: dict[nps.Group, GroupClass] = {"detractor": "d", "passive": "pa", "promoter": "p"}


def group_of(score: int) -> GroupClass:
    """The CSS class of an answer with this score."""
    return _GROUP_CLASSES[nps.group_of(score)]


def svg(body: str, height: float, label: str | None, kind: str) -> Markup:
    """A chart: an image with a label, or hidden from screen readers where text beside it says the same."""
    aria = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704  (made of our own numbers; every text is escaped)
        f'<svg class="chart {kind}" width="100%" height="{number(height)}" {aria} focusable="false">'
        f"{body}</svg>"
    )


def icon(kind: str, width: float, height: float, body: str) -> Markup:
    """A small drawing of fixed size beside a text that says the same."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return Markup(f'<svg class="{kind}" {size} aria-hidden="true" focusable="false">{body}</svg>')  # noqa: S704


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def ruler_percent(nps: float) -> float:
    """The place of a score on the ruler from -100 to +100, in per cent of its width."""
    return 50 + nps / 2


def line(kind: str, x1: str, y1: float, x2: str, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1}" x2="{x2}" y1="{number(y1)}" y2="{number(y2)}"/>'


def vertical_line(kind: str, x: float, y1: float, y2: float) -> str:
    """A vertical line; ``x`` in per cent."""
    return line(kind, f"{number(x)}%", y1, f"{number(x)}%", y2)


def block(kind: str, x1: float, x2: float, y: float, height: float, *, hatched: bool = False) -> str:
    """A rectangle; ``x1`` and ``x2`` in per cent. A style sheet could not refer to the hatching."""
    fill = ' fill="url(#few)"' if hatched else ""
    width = max(0.0, x2 - x1)
    return (
        f'<rect class="{kind}"{fill} x="{number(x1)}%" width="{number(width)}%" y="{number(y)}" '
        f'height="{number(height)}"/>'
    )


def text(kind: str, x: float, y: float, content: str, anchor: Anchor = "start", *, dx: float = 0) -> str:
    shift = f' dx="{number(dx)}"' if dx else ""
    at = f'x="{number(x)}%"{shift} y="{number(y)}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {at}>{escape(content)}</text>'


def large_number(score: float, y: float) -> str:
    """A score above its place. The sign is smaller and higher than the digits; zero has none."""
    written = signed(score)
    sign, digits = ("", written) if half_up(score) == 0 else (written[0], written[1:])
    anchor: Anchor = (
        "start" if score < -_MAX_CENTRED_SCORE else "end" if score > _MAX_CENTRED_SCORE else "middle"
    )
    return (
        f'<text class="num" x="{number(ruler_percent(score))}%" y="{number(y)}" text-anchor="{anchor}">'
        f'<tspan class="sign" dy="-.2em">{sign}</tspan><tspan dy=".124em">{digits}</tspan></text>'
    )


def ruler(y: float, *, labels: bool = True) -> str:
    """The ruler from -100 to +100: a tick each 10, a longer one each 50, the longest at 0."""
    out = [line("ax", "0", y, "100%", y)]
    for value in range(-100, 101, 10):
        length = 11 if value == 0 else 8 if value % 50 == 0 else 4
        out.append(vertical_line("zero" if value == 0 else "tick", ruler_percent(value), y, y + length))
    if labels:
        anchors: dict[int, Anchor] = {-100: "start", 100: "end"}
        out += [
            text("lbl", ruler_percent(value), y + 27, signed(value), anchors.get(value, "middle"))
            for value in (-100, -50, 0, 50, 100)
        ]
    return "".join(out)


def score_interval(score: ChartScore, y: float, height: float) -> str:
    """Blocks for 95 % and 50 %, and a line for the score. Few answers: one hatched block and a hollow dot."""
    low, high, x = ruler_percent(score.low95), ruler_percent(score.high95), ruler_percent(score.nps)
    if score.few:
        dot = f'<circle class="hollow" cx="{number(x)}%" cy="{number(y + height / 2)}" r="4.5"/>'
        return block("few", low, high, y, height, hatched=True) + dot
    return (
        block("b95", low, high, y, height)
        + block("b50", ruler_percent(score.low50), ruler_percent(score.high50), y, height)
        + vertical_line("cap", low, y, y + height)
        + vertical_line("cap", high, y, y + height)
        + vertical_line("pt", x, y - 4, y + height + 4)
    )


def interval_ends(low: float, high: float, y: float, write: Callable[[float], str] = signed) -> str:
    """The labels of an interval's two ends beside it; both on one side near the end of the ruler."""
    both = translated("%(low)s to %(high)s") % {"low": write(low), "high": write(high)}
    # A difference may exceed the ruler; its labels stay on it.
    left, right = max(0.0, ruler_percent(low)), min(100.0, ruler_percent(high))
    if high > _MAX_SCORE_WITH_ENDS_ON_BOTH_SIDES:
        return text("end", left, y, both, "end", dx=-8)
    if low < -_MAX_SCORE_WITH_ENDS_ON_BOTH_SIDES:
        return text("end", max(0.0, right), y, both, "start", dx=8)
    return text("end", left, y, write(low), "end", dx=-8) + text("end", right, y, write(high), "start", dx=8)
