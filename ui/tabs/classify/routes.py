"""The routes of this tab beside Gradio's: micrographs with labels, map, batch.

They lie under the token of the pixel routes and are mounted before them. Nothing here imports
Gradio.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from ui.pixels import HEADERS
from ui.present import demonstrations as present
from ui.present import works
from ui.services import Services
from ui.services.batching import to_csv
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

    def rows(begin: str) -> Response:
        batch = services.classifying.batching.job.now
        shown = works.batch_rows(batch, int(begin) if begin.isdecimal() else 0)
        return JSONResponse(shown, headers=HEADERS)

    def table() -> Response:
        batch = services.classifying.batching.job.now
        if batch is None:
            return PlainTextResponse("There is no batch.", 404, headers=HEADERS)
        name = f"{Path(batch.title).name or 'folder'} classes.csv"
        said = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return Response(to_csv(batch), media_type="text/csv; charset=utf-8", headers=said)

    async def answer_list(_request: Request) -> Response:
        return await run_in_threadpool(listed)

    async def answer_map(request: Request) -> Response:
        return await run_in_threadpool(mapped, request.query_params.get("encoder", BUILTIN))

    async def answer_rows(request: Request) -> Response:
        return await run_in_threadpool(rows, request.query_params.get("from", ""))

    async def answer_table(_request: Request) -> Response:
        return await run_in_threadpool(table)

    return Mount(
        f"/{base}/classify",
        routes=[
            Route("/list.json", answer_list),
            Route("/map.json", answer_map),
            Route("/batch.json", answer_rows),
            Route("/batch.csv", answer_table),
        ],
    )
