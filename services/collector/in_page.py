"""``/in-page.js``: the script by which a company's own page asks the question of a personal link."""

from fastapi import APIRouter, Request, Response

from services.collector.context import OwnContext
from shared.http.cross_origin import CrossOriginRoute

router = APIRouter(include_in_schema=False, route_class=CrossOriginRoute)
SCRIPT = "in-page.js"
CACHE_CONTROL = "public, max-age=86400, stale-while-revalidate=604800"
"""For a day without a question, and for a week more while the browser asks: its address is that of all
versions, so it is not kept for ever."""


@router.get(f"/{SCRIPT}")
async def get_script(request: Request, context: OwnContext) -> Response:
    """The script, the same for every company; it knows nothing until a page gives it a link."""
    return context.pages.assets.under_its_name(request, SCRIPT, CACHE_CONTROL)
