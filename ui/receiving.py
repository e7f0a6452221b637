"""Files that a page sends, written into the folder of uploads as they come.

Nothing here imports Gradio.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from slava.errors import BadInput
from ui.pixels import HEADERS
from ui.services.uploaded import place_of

LARGEST_BYTES = 2_000_000_000
"""Of one uploaded file."""


def receiving(uploads: Path) -> Callable[[Request], object]:
    """A route that writes the files of an upload, one by one."""

    """The route that takes one file of an upload, as the body; written as it comes."""

    async def receive(request: Request) -> Response:
        asked = request.query_params
        try:
            target = place_of(uploads, asked.get("token", ""), asked.get("path", ""))
        except BadInput as error:
            return JSONResponse({"error": str(error)}, 422, HEADERS)
        size = 0
        with target.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST_BYTES:
                    break
                await run_in_threadpool(file.write, chunk)
        if size > LARGEST_BYTES:
            target.unlink(missing_ok=True)
            words = {"error": "the file is larger than 2 GB. Type its path instead."}
            return JSONResponse(words, 422, HEADERS)
        return JSONResponse({"bytes": size}, headers=HEADERS)

    return receive
