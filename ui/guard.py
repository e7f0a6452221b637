"""What stands between the window and everything that could go wrong or come in.

`guarded` turns errors into notices; `PageGuard` refuses requests that other pages make in the
user's name, and tells the browser to load nothing from elsewhere; `LoginGuard` refuses whatever
comes from nobody, where a login is asked for.
"""

from __future__ import annotations

import functools
import inspect
import logging
import secrets
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import gradio as gr
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slava.errors import SlavaError
from ui.assets import asset

log = logging.getLogger("slava.window")

NOTICE_S = 12.0

HOSTS = ("127.0.0.1", "localhost")
"""Names under which this machine may be asked; any other is a page that points here by DNS."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; form-action 'self'"
)
"""Gradio needs inline scripts and eval; nothing may come from, or go to, another machine. So a
picture that a model's answer links to is not fetched."""


OPEN_PATHS = ("/login", "/manifest.json", "/gradio_api/startup-events")
"""What answers without a login: logging in, the window's name and icon (browsers fetch these
without cookies), and what Gradio asks itself at its start."""


# ------------------------------------------------------------------------------ errors
def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler whose errors are shown as notices; unexpected ones are logged under a short id."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def streaming(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from handler(*args, **kwargs)
            except Exception as error:
                _show(error, handler)

        return streaming

    @functools.wraps(handler)
    def plain(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except Exception as error:
            _show(error, handler)

    return plain


def _show(error: Exception, handler: Callable[..., Any]) -> NoReturn:
    if isinstance(error, gr.Error):
        raise error
    if isinstance(error, SlavaError):
        raise _notice(_sentence(str(error)), "Not possible", NOTICE_S) from None
    number = secrets.token_hex(3)
    log.error("[%s] %s failed", number, handler.__qualname__, exc_info=error)
    raise _notice(
        f"Something unexpected happened ({type(error).__name__}). Nothing was lost. "
        f"The details are in the workspace's logs folder under {number}.",
        "Unexpected",
        None,
    ) from None


def _notice(text: str, title: str, seconds: float | None) -> gr.Error:
    return gr.Error(text, title=title, duration=seconds, print_exception=False)


def _sentence(text: str) -> str:
    """Escaped, because Gradio shows notices as HTML; with a capital in front."""
    return escape(text[:1].upper() + text[1:])


def log_to(folder: Path) -> logging.Handler:
    """Write the warnings and errors of sLAVA into the workspace's logs."""
    from logging.handlers import RotatingFileHandler

    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        folder / "slava.log", maxBytes=2_000_000, backupCount=3, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger("slava").addHandler(handler)
    return handler


# ------------------------------------------------------------------------------ requests
class PageGuard:
    """ASGI middleware: only our own page may write, and it loads nothing from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        writing = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if writing and not is_own_page(headers):
            origin = headers.get("origin", "")
            await PlainTextResponse(f"refused: from another page ({origin})", 403)(
                scope, receive, send
            )
            return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_policy(message)
            await send(message)

        await self.app(scope, receive, send_with_policy)


def is_own_page(headers: Headers) -> bool:
    """Whether a request comes from our own page, or from no page at all (a program)."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    return urlsplit(origin).netloc == headers.get("host") and origin != "null"


def _add_policy(message: Message) -> None:
    names = {name.lower() for name, _ in message["headers"]}
    added = {
        b"content-security-policy": POLICY.encode(),
        b"referrer-policy": b"no-referrer",
        b"x-content-type-options": b"nosniff",
    }
    kept = [(name, value) for name, value in added.items() if name not in names]
    message["headers"] = [*message["headers"], *kept]


class LoginGuard:
    """ASGI middleware: the login page, and 401 for all else, to whoever has not logged in.

    Gradio asks for the login on most of its own routes and on none that are mounted beside them;
    this asks on all. Who is logged in is Gradio's knowledge: its cookie, looked up in its table.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._page = asset("login.html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] in ("http", "websocket") and scope["path"] not in OPEN_PATHS
        if asked and not is_logged_in(scope):
            await self._refusal(scope["path"])(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, path: str) -> Response:
        headers = {"Cache-Control": "no-store"}
        if path == "/":
            return HTMLResponse(self._page, 401, headers=headers)
        return PlainTextResponse("log in first", 401, headers=headers)


def is_logged_in(scope: Scope) -> bool:
    """Whether a request carries the cookie of somebody who has logged in to this process."""
    window = scope["app"]
    cookies = HTTPConnection(scope).cookies
    kept = (f"access-token-{kind}{window.cookie_id}" for kind in ("", "unsecure-"))
    return any(cookies.get(name) in window.tokens for name in kept)
