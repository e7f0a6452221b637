"""What the panel asks for, as JSON: state, one run, its test part, a plan, and every act.

The routes lie under the token of the pixel routes and are mounted before them. Nothing here imports
Gradio.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from slava.errors import NotFound, SlavaError
from ui.pixels import HEADERS
from ui.services import Services
from ui.tabs.finetune.acting import Acting
from ui.tabs.finetune.showing import Showing

Answer = Callable[[], Any]


def routes(services: Services, base: str) -> Mount:
    """The routes of this tab; ``base`` is that of the pixel routes."""
    show, act = Showing(services, base), Acting(services)

    async def state(_request: Request) -> Response:
        return await _answered(show.state)

    async def run(request: Request) -> Response:
        asked = request.query_params
        since = asked.get("since", "")
        known = int(since) if since.isdecimal() else -1
        return await _answered(lambda: show.run(asked.get("id", ""), known))

    async def tested(request: Request) -> Response:
        return await _answered(lambda: show.tested(request.query_params.get("id", "")))

    async def done(request: Request) -> Response:
        content = await request.body()
        return await _answered(lambda: act(request.path_params["verb"], content))

    return Mount(
        f"/{base}/finetune",
        routes=[
            Route("/state.json", state),
            Route("/run.json", run),
            Route("/test.json", tested),
            Route("/do/{verb}", done, methods=["POST"]),
        ],
    )


async def _answered(work: Answer) -> Response:
    """What is not there is a 404, our other errors a 422, both with words."""
    try:
        return JSONResponse(await run_in_threadpool(work), headers=HEADERS)
    except NotFound as error:
        return PlainTextResponse(str(error), 404, headers=HEADERS)
    except SlavaError as error:
        return PlainTextResponse(str(error), 422, headers=HEADERS)
