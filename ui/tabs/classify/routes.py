"""The routes of this tab beside Gradio's: micrographs with their labels, and the map.

They lie under the token of the pixel routes and are mounted before them. Nothing here imports
Gradio.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from ui.pixels import HEADERS
from ui.present import demonstrations as present
from ui.services import Services
from ui.services.embedding import BUILTIN


def routes(services: Services, base: str) -> Mount:
    """The routes of this tab; ``base`` is that of the pixel routes."""

    def listed() -> Response:
        store = services.store
        labels = {str(r.micrograph_id): r for r in store.labels.list_labelled()}
        items = present.labelled_items(store.micrographs.list_micrographs(), labels, base)
        return JSONResponse({"items": items}, headers=HEADERS)

    def mapped(reference: str) -> Response:
        found = services.classifying.map_of(reference)
        points = present.map_points(*found) if found else None
        return JSONResponse(points, headers=HEADERS)

    async def answer_list(_request: Request) -> Response:
        return await run_in_threadpool(listed)

    async def answer_map(request: Request) -> Response:
        return await run_in_threadpool(mapped, request.query_params.get("encoder", BUILTIN))

    return Mount(
        f"/{base}/classify",
        routes=[Route("/list.json", answer_list), Route("/map.json", answer_map)],
    )
