"""The route of this tab beside Gradio's: the list of micrographs with their labels.

It lies under the token of the pixel routes and is mounted before them. Nothing here imports
Gradio.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from ui.pixels import HEADERS
from ui.present import classify as present
from ui.services import Services


def routes(services: Services, base: str) -> Mount:
    """The routes of this tab; ``base`` is that of the pixel routes."""

    def listed() -> Response:
        store = services.store
        labels = {str(r.micrograph_id): r for r in store.labels.list_labelled()}
        items = present.labelled_items(store.micrographs.list_micrographs(), labels, base)
        return JSONResponse({"items": items}, headers=HEADERS)

    async def answer(_request: Request) -> Response:
        return await run_in_threadpool(listed)

    return Mount(f"/{base}/classify", routes=[Route("/list.json", answer)])
