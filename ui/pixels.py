"""Routes beside Gradio's: news, library, raw tiles, previews, outlines, downloads.

Gradio's login does not cover routes that are mounted beside it, so every path begins with a
random token that only a page of this process knows. Nothing here imports Gradio.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from slava.domain import ConversationId, MicrographId
from slava.errors import NotFound, SlavaError
from ui import export, present

if TYPE_CHECKING:
    from ui.services import Services

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Encoding": "identity",
    "X-Content-Type-Options": "nosniff",
}
PREVIEWS_PX = (112, 256, 1024)

Work = Callable[[Request], Response]


class PixelRoutes:
    """The routes of one process under one token."""

    def __init__(self, services: Services, token: str | None = None) -> None:
        self._services = services
        self.token = token or secrets.token_urlsafe(24)

    @property
    def base(self) -> str:
        """The path of the routes, relative to the page."""
        return f"slava/{self.token}"

    def mount(self) -> Mount:
        """The routes for Starlette."""
        return Mount(
            f"/slava/{self.token}",
            routes=[
                Route("/news", self.news),
                Route("/library.json", _answering(self.library)),
                Route("/m/{id}/t/{level:int}/{row:int}/{column:int}", _answering(self.tile)),
                Route("/m/{id}/preview.png", _answering(self.preview)),
                Route("/m/{id}/objects.json", _answering(self.objects)),
                Route("/m/{id}/objects.csv", _answering(self.table)),
                Route("/m/{id}/overlay.png", _answering(self.overlay)),
                Route("/c/{id}.html", _answering(self.report)),
                Route("/c/{id}.md", _answering(self.markdown)),
            ],
        )

    async def news(self, _request: Request) -> Response:
        """The version of the news; every open page asks about once a second."""
        return PlainTextResponse(str(self._services.news.version), headers=HEADERS)

    def library(self, _request: Request) -> Response:
        """The list of micrographs."""
        version = self._services.news.library
        micrographs = self._services.store.micrographs.list_micrographs()
        items = present.library_items(micrographs, self.base)
        return JSONResponse({"version": version, "items": items}, headers=HEADERS)

    def tile(self, request: Request) -> Response:
        """512 x 512 grey values or fewer, little-endian, without a header."""
        at = request.path_params
        content = self._services.pictures.tile(
            MicrographId(at["id"]), at["level"], at["row"], at["column"]
        )
        if content is None:
            raise NotFound("there is no such tile.")
        return Response(content, media_type="application/octet-stream", headers=HEADERS)

    def preview(self, request: Request) -> Response:
        """A small PNG."""
        wanted = request.query_params.get("size", "")
        size = int(wanted) if wanted.isdecimal() and int(wanted) in PREVIEWS_PX else PREVIEWS_PX[0]
        content = self._services.pictures.preview(MicrographId(request.path_params["id"]), size)
        headers = {**HEADERS, "Cache-Control": "private, max-age=86400"}
        return Response(content, media_type="image/png", headers=headers)

    def objects(self, request: Request) -> Response:
        """Outlines of the measured objects in pixels of the file."""
        content = self._services.outlines(MicrographId(request.path_params["id"]))
        return JSONResponse(content, headers=HEADERS)

    def table(self, request: Request) -> Response:
        """The measured objects, one per line."""
        micrograph, content = self._services.exports.table(MicrographId(request.path_params["id"]))
        return _download(content, f"{Path(micrograph.name).stem} objects.csv", "text/csv")

    def overlay(self, request: Request) -> Response:
        """The micrograph with its objects outlined."""
        micrograph, content = self._services.exports.overlay(
            MicrographId(request.path_params["id"])
        )
        return _download(content, f"{Path(micrograph.name).stem} objects.png", "image/png")

    def report(self, request: Request) -> Response:
        """A conversation as one HTML file."""
        bundle = self._services.exports.bundle(ConversationId(request.path_params["id"]))
        return _download(export.to_html(bundle), bundle.file_name("html"), "text/html")

    def markdown(self, request: Request) -> Response:
        """A conversation as Markdown."""
        bundle = self._services.exports.bundle(ConversationId(request.path_params["id"]))
        return _download(export.to_markdown(bundle), bundle.file_name("md"), "text/markdown")


def _answering(work: Work) -> Callable[[Request], Any]:
    """Run ``work`` in a thread; what is not there is a 404, our other errors a 422 with words."""

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(work, request)
        except NotFound as error:
            return PlainTextResponse(str(error), 404, headers=HEADERS)
        except SlavaError as error:
            return PlainTextResponse(str(error), 422, headers=HEADERS)

    return answer


def _download(content: str | bytes, name: str, media_type: str) -> Response:
    headers = {
        **HEADERS,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    charset = "; charset=utf-8" if isinstance(content, str) else ""
    return Response(content, media_type=media_type + charset, headers=headers)
