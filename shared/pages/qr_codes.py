"""An address as a QR code, as SVG and PNG."""

from io import BytesIO
from typing import Any

import segno
from markupsafe import Markup

CORRECTION = "Q"
"""A quarter of a code may be dirty, scratched or badly printed, as at a counter."""
QUIET_ZONE = 4
"""Modules around a code, as its standard (ISO/IEC 18004) asks."""
PNG_PIXELS_PER_MODULE = 16
"""Sharp on paper up to some eight centimetres at 300 dots per inch."""


def qr_svg(url: str) -> bytes:
    """The code as an SVG that fills whatever room it is given: dark on white on every background."""
    return _saved(url, kind="svg", omitsize=True, xmldecl=False, dark="#000", light="#fff")


def qr_inline(text: str) -> Markup:
    """The code as a part of a page: it has no address of its own, which logs and caches would keep."""
    return Markup(qr_svg(text).decode())  # noqa: S704  (lines and colors alone: the text is drawn)


def qr_png(url: str) -> bytes:
    """The code as a picture for a word processor."""
    return _saved(url, kind="png", scale=PNG_PIXELS_PER_MODULE, dark="#000", light="#fff")


def _saved(url: str, **options: Any) -> bytes:
    target = BytesIO()
    segno.make_qr(url, error=CORRECTION, boost_error=False).save(target, border=QUIET_ZONE, **options)
    return target.getvalue()
