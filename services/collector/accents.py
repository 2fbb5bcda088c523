"""The style sheet of a company's colour, ``/s/accent/{colour}.css``: it says nothing but the colour."""

from fastapi import APIRouter, Response

from shared.http.problems import Problem
from shared.http.routes import CheckedRoute
from shared.values.colours import DARK_PAGE, LIGHT_PAGE, MIN_CONTRAST, WHITE, Accent, colour_of, contrast

router = APIRouter(include_in_schema=False, route_class=CheckedRoute)
MAX_AGE_S = 86_400
STYLES = """\
:root {{ --brand: {light}; --on-brand: {white}; --petrol: {light}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --brand: {dark}; --on-brand: {ground}; --petrol: {dark}; }}
}}
.btn:not(.plain, .quiet, [aria-disabled="true"]), .cell:has(:checked) {{
  background: var(--brand); border-color: var(--brand); color: var(--on-brand);
}}
@media (forced-colors: active) {{
  .cell:has(:checked) {{ background: Highlight; color: HighlightText; border-color: Highlight; }}
}}
"""


@router.get("/s/accent/{colour}.css")
async def accent_styles(colour: str) -> Response:
    """The colour on buttons, links and the chosen number, on light and on dark pages.

    :raises Problem: 404 of a colour that no company can have, since text on it could not be read.
    """
    known = colour_of(f"#{colour}")
    if known != f"#{colour}" or contrast(known, LIGHT_PAGE) < MIN_CONTRAST:
        raise Problem(404)
    accent = Accent.of(known)
    styles = STYLES.format(light=accent.light, dark=accent.dark, white=WHITE, ground=DARK_PAGE)
    headers = {"Cache-Control": f"public, max-age={MAX_AGE_S}"}
    return Response(styles, media_type="text/css", headers=headers)
