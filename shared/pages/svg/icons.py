"""Small drawings beside text: the place of one answer, a clock, a few answers, the legend of a chart."""

from typing import Literal

from markupsafe import Markup

from shared.events.nps import SCALE
from shared.pages.svg.primitives import GroupClass, group_of, icon, line, number, svg, text, vertical_line

_WARNING_PERCENT = 75.0


def score_strip(score: int) -> Markup:
    """The eleven possible scores, with one of them highlighted."""
    places = (
        f'<rect class="{group_of(score) if i == score else "no"}" x="{i * 5}" y="{0 if i == score else 3}" '
        f'width="3" height="{8 if i == score else 2}"/>'
        for i in SCALE
    )
    return icon("strip", 53, 8, "".join(places))


def score_place(score: int, label: str, was: int | None = None) -> Markup:
    """A score on a ruler from 0 to 10, with the earlier score ``was`` of an amended answer."""
    y, group = 128, group_of(score)

    def at(value: int) -> float:
        return 4 + value * 9.2

    out = [line("ax", "0", y, "100%", y)]
    for value in SCALE:
        out.append(vertical_line("tick", at(value), y, y + 6))
        if value != score:
            out.append(text("lbl", at(value), y + 24, str(value), "middle"))
    x = f"{number(at(score))}%"
    if group == "d":
        out.append(f'<rect class="d" x="{x}" y="{y - 5}" width="10" height="10" transform="translate(-5)"/>')
    else:
        out.append(f'<circle class="{group}" cx="{x}" cy="{y}" r="5.5"/>')
    out.append(text(f"num {group}", at(score), y - 18, str(score), "middle"))
    if was is not None and was != score:
        out.append(f'<circle class="was" cx="{number(at(was))}%" cy="{y}" r="5"/>')
        out.append(text("wasn", at(was), y - 18, str(was), "middle"))
    return svg("".join(out), y + 30, label, "place")


def clock(elapsed: float, *, late: bool = False) -> Markup:
    """The elapsed part of the time until a case is due, in per cent, with the time of the warning."""
    body = (
        line("track", "0", 4, "100%", 4)
        + line("late" if late else "run", "0", 4, f"{number(_percent(elapsed))}%", 4)
        + vertical_line("warn", _WARNING_PERCENT, 0, 8)
    )
    return svg(body, 8, None, "clock")


def big_clock(elapsed: float, start: str, warned: str, due: str, *, late: bool = False) -> Markup:
    """A clock with labels at its start, its warning and its end."""
    y, now = 22, _percent(elapsed)
    body = (
        line("track", "0", y, "100%", y)
        + line("late" if late else "run", "0", y, f"{number(now)}%", y)
        + "".join(vertical_line("tick", x, y - 6, y + 6) for x in (0, _WARNING_PERCENT, 100))
        + vertical_line("pt", now, y - 9, y + 9)
        + text("lbl", 0, y + 22, start)
        + text("lbl", _WARNING_PERCENT, y + 22, warned, "end")
        + text("lbl", 100, y + 22, due, "end")
    )
    return svg(body, y + 26, None, "bigclock")


def _percent(elapsed: float) -> float:
    return max(0.0, min(100.0, elapsed))


def single_answers(detractors: int, passives: int, promoters: int) -> Markup:
    """Each answer by itself, for fewer answers than make a score."""
    out, x = [], 6.0
    counts: tuple[tuple[GroupClass, int], ...] = (("d", detractors), ("pa", passives), ("p", promoters))
    for group, count in counts:
        for _ in range(count):
            if group == "d":
                out.append(f'<rect class="d" x="{number(x - 4.5)}" y="4.5" width="9" height="9"/>')
            else:
                out.append(
                    f'<circle class="{group}" cx="{number(x)}" cy="9" r="{4 if group == "pa" else 5}"/>'
                )
            x += 14
        x += 6 if count else 0
    return icon("marks", x, 18, "".join(out))


_GLYPHS: dict[GroupClass, str] = {
    "d": '<rect class="d" x="1" y="1" width="9" height="9"/>',
    "pa": '<circle class="pa" cx="5.5" cy="5.5" r="4"/>',
    "p": '<circle class="p" cx="5.5" cy="5.5" r="5"/>',
}


def glyph(group: GroupClass) -> Markup:
    """The shape of a detractor (square), a passive (ring) or a promoter (disc)."""
    return icon("glyph", 11, 11, _GLYPHS[group])


LegendKey = Literal["b50", "b95", "window", "interval", "before", "few"]
_KEYS: dict[LegendKey, str] = {
    "b50": '<rect class="b50" width="22" height="10"/>',
    "b95": '<rect class="b95" width="22" height="10"/>',
    "window": '<rect class="win" x=".5" y=".5" width="21" height="9"/>'
    '<line class="winl" x1="0" x2="22" y1="5" y2="5"/>',
    "interval": '<rect class="b95" y="2" width="22" height="8"/>'
    '<rect class="b50" x="6" y="2" width="10" height="8"/>'
    '<line class="pt" x1="11" x2="11" y1="0" y2="12"/>',
    "before": '<path class="was" d="M11 1l4 7h-8z"/>',
    "few": '<rect class="few" fill="url(#few)" x=".5" y="2.5" width="21" height="8"/>',
}


def legend_sample(name: LegendKey) -> Markup:
    """The sample of one line of a chart's legend."""
    return icon("keymark", 22, 12 if name in {"interval", "few"} else 10, _KEYS[name])


def logo() -> Markup:
    """The logo: a score with its interval."""
    blocks = '<rect class="b95" x="1" y="3" width="34" height="10"/>'
    blocks += '<rect class="b50" x="10" y="3" width="16" height="10"/>'
    strokes = '<path class="cap" d="M1 3v10M35 3v10"/><path class="pt" d="M18 0v16"/>'
    return icon("mark", 36, 16, blocks + strokes)
