"""The strokes that all charts are made of: positions per cent, heights in pixels, colours by class.

The outer element has no viewBox, so a chart stretches with its page while its text keeps its size.
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
TOO_FEW_ANSWERS = 10
Group = Literal["d", "pa", "p"]
Anchor = Literal["start", "middle", "end"]
_BESIDE = 84
_NEAR_END = 72


@dataclass(frozen=True, slots=True)
class DrawnScore:
    """What is drawn of a score: who counted it has computed its intervals."""

    n: int
    nps: float
    low95: float
    high95: float
    low50: float
    high50: float

    @property
    def few(self) -> bool:
        """Too few answers to compare: hatched, and without the 50 % block."""
        return self.n < FEW_ANSWERS

    @property
    def margin(self) -> float | None:
        """The half width, where the two halves agree within a quarter; otherwise the two ends are written
        out.
        """
        half = (self.high95 - self.low95) / 2
        return None if abs((self.low95 + self.high95) / 2 - self.nps) > half / 4 else half


_GROUP_CLASSES: dict[nps.Group, Group] = {"detractor": "d", "passive": "pa", "promoter": "p"}


def group_of(score: int) -> Group:
    """The colour of one answer: detractor, passive, promoter."""
    return _GROUP_CLASSES[nps.group_of(score)]


def svg(body: str, height: float, label: str | None, kind: str) -> Markup:
    """A chart. With a label it is an image that says its figures; without, its row already says them."""
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704  (made of our own numbers; every text was escaped)
        f'<svg class="chart {kind}" width="100%" height="{number(height)}" {told} focusable="false">'
        f"{body}</svg>"
    )


def icon(kind: str, width: float, height: float, body: str) -> Markup:
    """A small drawing of fixed size that repeats what its text says."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return Markup(f'<svg class="{kind}" {size} aria-hidden="true" focusable="false">{body}</svg>')  # noqa: S704


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"


def place_of(nps: float) -> float:
    """Where on the ruler from -100 to +100 a score stands, in per cent."""
    return 50 + nps / 2


def line(kind: str, x1: str, y1: float, x2: str, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1}" x2="{x2}" y1="{number(y1)}" y2="{number(y2)}"/>'


def upright(kind: str, x: float, y1: float, y2: float) -> str:
    """A vertical line at a place in per cent."""
    return line(kind, f"{number(x)}%", y1, f"{number(x)}%", y2)


def block(kind: str, x1: float, x2: float, y: float, height: float, *, hatched: bool = False) -> str:
    """A rectangle between two places in per cent. Hatch is an attribute: from a stylesheet it would not
    resolve.
    """
    fill = ' fill="url(#few)"' if hatched else ""
    width = max(0.0, x2 - x1)
    return (
        f'<rect class="{kind}"{fill} x="{number(x1)}%" width="{number(width)}%" y="{number(y)}" '
        f'height="{number(height)}"/>'
    )


def text(kind: str, x: float, y: float, words: str, anchor: Anchor = "start", *, dx: float = 0) -> str:
    shift = f' dx="{number(dx)}"' if dx else ""
    at = f'x="{number(x)}%"{shift} y="{number(y)}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {at}>{escape(words)}</text>'


def big(score: float, y: float) -> str:
    """The number above its place; its sign is set smaller and higher than its digits, zero has none."""
    written = signed(score)
    sign, digits = ("", written) if half_up(score) == 0 else (written[0], written[1:])
    anchor: Anchor = "start" if score < -_NEAR_END else "end" if score > _NEAR_END else "middle"
    return (
        f'<text class="num" x="{number(place_of(score))}%" y="{number(y)}" text-anchor="{anchor}">'
        f'<tspan class="sign" dy="-.2em">{sign}</tspan><tspan dy=".124em">{digits}</tspan></text>'
    )


def scale(y: float, *, labels: bool = True) -> str:
    """The ruler: a tick each 10, longer each 50, longest at 0."""
    out = [line("ax", "0", y, "100%", y)]
    for value in range(-100, 101, 10):
        length = 11 if value == 0 else 8 if value % 50 == 0 else 4
        out.append(upright("zero" if value == 0 else "tick", place_of(value), y, y + length))
    if labels:
        anchors: dict[int, Anchor] = {-100: "start", 100: "end"}
        out += [
            text("lbl", place_of(value), y + 27, signed(value), anchors.get(value, "middle"))
            for value in (-100, -50, 0, 50, 100)
        ]
    return "".join(out)


def interval(score: DrawnScore, y: float, height: float) -> str:
    """Two blocks and a stroke: 95 %, 50 %, the score. Few answers: one hatched block and a hollow dot."""
    low, high, x = place_of(score.low95), place_of(score.high95), place_of(score.nps)
    if score.few:
        dot = f'<circle class="hollow" cx="{number(x)}%" cy="{number(y + height / 2)}" r="4.5"/>'
        return block("few", low, high, y, height, hatched=True) + dot
    return (
        block("b95", low, high, y, height)
        + block("b50", place_of(score.low50), place_of(score.high50), y, height)
        + upright("cap", low, y, y + height)
        + upright("cap", high, y, y + height)
        + upright("pt", x, y - 4, y + height + 4)
    )


def ends(low: float, high: float, y: float, write: Callable[[float], str] = signed) -> str:
    """The two ends of an interval, named beside it; both on one side where the ruler ends."""
    both = translated("%(low)s to %(high)s") % {"low": write(low), "high": write(high)}
    # A difference may lie beyond the ruler of scores; its words stay on it.
    left, right = max(0.0, place_of(low)), min(100.0, place_of(high))
    if high > _BESIDE:
        return text("end", left, y, both, "end", dx=-8)
    if low < -_BESIDE:
        return text("end", max(0.0, right), y, both, "start", dx=8)
    return text("end", left, y, write(low), "end", dx=-8) + text("end", right, y, write(high), "start", dx=8)
