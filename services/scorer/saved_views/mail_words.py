"""A saved view as mail: the words of the page for a screen, and its drawing as a picture."""

from collections.abc import Iterator
from html import escape

from services.scorer.saved_views.wall_reading import WallFigures
from services.scorer.saved_views.wall_views import WallPage, wall_page
from services.scorer.trends import Trend
from shared.pages.filters import day, signed
from shared.pages.language import translated
from shared.pages.pictures import TREND_HEIGHT, TREND_WIDTH, trend_picture
from shared.pages.svg.primitives import TOO_FEW_ANSWERS
from shared.pages.svg.trends import range_of
from shared.privacy.view_mails import PICTURE_ID, ViewMailContent

# No colour of ours: a mail program in the dark shows its own, and darkens or keeps what a mail sets.
_BODY = "max-width:600px;margin:0 auto;padding:8px;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere"
_SMALL = "font-size:14px"
_CELL = "padding:4px 12px 4px 0;text-align:left;vertical-align:baseline"
_NUMBER_CELL = f"{_CELL};font-weight:bold;white-space:nowrap"


def view_mail(figures: WallFigures, staff_url: str, stop_path: str) -> ViewMailContent:
    """The mail of these figures, in the language of the reader.

    :param staff_url: of links within the HTML, without a slash at its end.
    """
    page = wall_page(figures)
    link, stop = f"{staff_url}{figures.view.address}", f"{staff_url}{stop_path}"
    trend = page.trend
    return ViewMailContent(
        subject=_subject(page),
        paragraphs=[*_paragraphs(page), stop_words() + f" {stop}"],
        html="".join(_html(page, link, stop)),
        picture=trend_picture(trend.points, page.boxes) if trend.is_drawable else None,
        path=figures.view.address,
        stop_path=stop_path,
    )


def stop_words() -> str:
    """Before the address that stops a mail, in plain text."""
    return translated("You get this view every Monday because you asked for it. Stop it here:")


def why_words() -> str:
    """Before the link that stops a mail."""
    return translated("You get this view every Monday because you asked for it.")


def trend_words(trend: Trend) -> str:
    """What the drawing shows, in a sentence: the first and the last score, the lowest and the highest."""
    shown = [
        (point, point.score)
        for point in trend.points
        if point.score is not None and point.score.n >= TOO_FEW_ANSWERS
    ]
    scores = [score.nps for _, score in shown]
    facts = {
        "first": day(shown[0][0].first),
        "last": day(shown[-1][0].last),
        "began": signed(scores[0]),
        "ended": signed(scores[-1]),
        "lowest": signed(min(scores)),
        "highest": signed(max(scores)),
    }
    words = translated(
        "Over time, %(first)s to %(last)s: from %(began)s to %(ended)s, "
        "lowest %(lowest)s, highest %(highest)s."
    )
    return words % facts


def _subject(page: WallPage) -> str:
    if not page.score:
        return translated("%(name)s: too few answers for a score") % {"name": page.name}
    return translated("%(name)s: NPS %(score)s") % {"name": page.name, "score": page.score}


def _about(page: WallPage) -> str:
    place = f"{page.place}, " if page.place != page.name else ""
    return f"{place}{page.measurement}, {page.days}"


def _number(page: WallPage) -> str:
    told = ", ".join(filter(None, [page.score_range, page.answers]))
    return f"NPS {page.score} ({told})" if page.score else f"{page.finding} ({told})"


def _moved(page: WallPage) -> str:
    return f"{page.moved} ({page.change})" if page.change else page.moved


def _paragraphs(page: WallPage) -> Iterator[str]:
    yield page.name
    yield _about(page)
    yield _number(page)
    yield _moved(page)
    if page.trend.is_drawable:
        yield trend_words(page.trend)
    if page.response:
        yield page.response
    if page.lowest:
        yield translated("Lowest, by %(kind)s") % {"kind": page.lowest_by} + ":"
        for line in page.lowest:
            yield f"{line.name}: {line.score} ({line.margin}, {line.answers})"


def _html(page: WallPage, link: str, stop: str) -> Iterator[str]:
    yield f'<div style="{_BODY}">'
    yield f'<h1 style="font-size:22px;line-height:1.25;margin:0"><bdi>{escape(page.name)}</bdi></h1>'
    yield f'<p style="{_SMALL};margin:4px 0 16px">{escape(_about(page))}</p>'
    yield f'<p style="font-size:20px;margin:0"><b>{escape(_number(page))}</b></p>'
    yield f'<p style="margin:4px 0 16px">{escape(_moved(page))}</p>'
    if page.trend.is_drawable:
        yield from _drawing(page)
    if page.response:
        yield f"<p>{escape(page.response)}</p>"
    yield from _lowest(page)
    yield f'<p style="margin:24px 0"><a href="{escape(link)}">{escape(translated("Open the view"))}</a></p>'
    stopping = f'<a href="{escape(stop)}">{escape(translated("Stop the mail"))}</a>'
    yield f'<p style="{_SMALL}">{escape(why_words())} {stopping}</p></div>'


def _drawing(page: WallPage) -> Iterator[str]:
    words, scale = trend_words(page.trend), range_of([*page.trend.points, *page.boxes])
    ends = {"high": signed(scale.high), "low": signed(scale.low)}
    caption = translated(
        "From %(low)s at the bottom to %(high)s at the top. The wide band is where the score lies "
        "19 times in 20."
    )
    yield (
        f'<p style="margin:0"><img src="cid:{PICTURE_ID}" width="{TREND_WIDTH}" height="{TREND_HEIGHT}" '
        f'alt="{escape(words)}" style="max-width:100%;height:auto;background:#ffffff"></p>'
        f'<p style="{_SMALL};margin:4px 0 16px">{escape(words)} {escape(caption % ends)}</p>'
    )


def _lowest(page: WallPage) -> Iterator[str]:
    if not page.lowest:
        return
    heading = translated("Lowest, by %(kind)s") % {"kind": page.lowest_by}
    yield f'<h2 style="font-size:18px;margin:24px 0 4px">{escape(heading)}</h2><table role="presentation">'
    for line in page.lowest:
        cells = ((_CELL, line.name), (_NUMBER_CELL, line.score), (_CELL, f"{line.margin}, {line.answers}"))
        row = "".join(f'<td style="{style}">{escape(words)}</td>' for style, words in cells)
        yield f"<tr>{row}</tr>"
    yield "</table>"
