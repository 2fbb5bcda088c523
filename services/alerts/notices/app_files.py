"""What makes staff pages an app of a phone: the service worker that shows messages, and the manifest."""

import msgspec
from fastapi import APIRouter, Request, Response

from services.alerts.context import OwnContext
from shared.http.routes import CheckedRoute

router = APIRouter(prefix="/settings/notices", include_in_schema=False, route_class=CheckedRoute)
WORKER = "push-worker.js"
CACHE_CONTROL = "public, no-cache"
MANIFEST_TYPE = "application/manifest+json"


@router.get("/worker.js")
async def worker(request: Request, context: OwnContext) -> Response:
    """The service worker: it may be for all staff pages, and keeps nothing of them."""
    response = context.pages.assets.under_its_name(request, WORKER, CACHE_CONTROL)
    response.headers["Service-Worker-Allowed"] = "/"
    return response


@router.get("/app.webmanifest")
async def manifest(context: OwnContext) -> Response:
    """What a phone needs to put staff pages on its home screen."""
    icon = {"src": context.pages.assets.url("mark.svg"), "sizes": "any", "type": "image/svg+xml"}
    body = {
        "id": "/",
        "name": "Afterword",
        "short_name": "Afterword",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f2f5f1",
        "theme_color": "#f2f5f1",
        "icons": [icon],
    }
    headers = {"Cache-Control": CACHE_CONTROL}
    return Response(msgspec.json.encode(body), media_type=MANIFEST_TYPE, headers=headers)
