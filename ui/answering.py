"""Between a request and the method that answers it: JSON in, JSON out, our errors in words.

What a page sends is checked: it is never trusted to be what our scripts send. Nothing here imports
Gradio.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from slava.errors import BadInput, NotFound, SlavaError
from ui.pixels import HEADERS

Sent = Mapping[str, Any]
MOST_BYTES = 20_000_000
"""A hundred thousand micrographs by their ids."""


def posted(answer: Callable[[Sent], object]) -> Callable[[Request], Any]:
    """A route that hands the JSON of a request over and sends back what comes."""

    async def respond(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(
            answered, lambda: JSONResponse(answer(_read(body)), 200, HEADERS)
        )

    return respond


def fetched(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """A route that is asked for by its address."""

    async def respond(request: Request) -> Response:
        return await run_in_threadpool(answered, lambda: answer(request))

    return respond


def answered(work: Callable[[], Response]) -> Response:
    """What ``work`` returns, or our errors as ``{"error": ...}``."""
    try:
        return work()
    except NotFound as error:
        return JSONResponse({"error": str(error)}, 404, HEADERS)
    except SlavaError as error:
        return JSONResponse({"error": str(error)}, 422, HEADERS)


def text(sent: Sent, name: str, longest: int = 2000) -> str:
    """A text; empty where there is none."""
    value = sent.get(name)
    return value[:longest] if isinstance(value, str) else ""


def texts(sent: Sent, name: str) -> tuple[str, ...]:
    """Several texts, each once."""
    value = sent.get(name)
    found = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return tuple(dict.fromkeys(found))


def number(sent: Sent, name: str) -> float | None:
    """A number, or none where there is none.

    Raises
    ------
    BadInput
        If something else stands there.
    """
    value = sent.get(name)
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{name.replace('_', ' ')} {str(value)[:40]!r} is not a number.") from None


def _read(body: bytes) -> Sent:
    if len(body) > MOST_BYTES:
        raise BadInput("the page sent too much at once. Reload it.")
    try:
        said = json.loads(body or b"{}")
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise BadInput("the page sent nothing that can be read. Reload it.")
    return said
