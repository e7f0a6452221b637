"""The window: everything is built, then everything is wired, then it is served to this machine.

Tabs are built first and wired after, so that the events of one may change another. What the
server lets in is decided here and in :mod:`ui.guard`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from slava.settings import Settings
from ui import guard, theme
from ui.assets import asset
from ui.panels import styles
from ui.pixels import PixelRoutes
from ui.services import Services
from ui.tabs import analyse, classify, curate, evaluate, finetune

MAX_FILE_SIZE = "2gb"
FRAMED = ("classify", "curate", "finetune")
"""Tabs with a style sheet for their place in the frame."""
FORGET_UPLOADS = (3600, 24 * 3600)
"""Every hour, uploads older than a day are deleted; the workspace has its own copy."""


@dataclass(frozen=True)
class Window:
    """A window that is being served."""

    url: str
    blocks: gr.Blocks
    services: Services

    def close(self) -> None:
        """Stop serving, then end what goes on behind the window."""
        self.blocks.close(verbose=False)
        self.services.close()


def build_window(services: Services, routes: PixelRoutes | None = None) -> gr.Blocks:
    """All tabs, built and wired."""
    base = (routes or PixelRoutes(services)).base
    with gr.Blocks(
        title="sLAVA",
        fill_width=True,
        fill_height=True,
        analytics_enabled=False,
        delete_cache=FORGET_UPLOADS,
    ) as window:
        gr.HTML(asset("brand.html"), elem_id="brand", js_on_load=None, apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Analyse", id="analyse", elem_id="tab-analyse"):
                analyse_tab = analyse.build()
            classify_tab = classify.build()
            curate_tab = curate.build()
            finetune_tab = finetune.build()
            evaluate_tab = evaluate.build()
        analyse.wire(analyse_tab, services, base, window)
        classify.wire(classify_tab, analyse_tab, services, base)
        curate.wire(curate_tab, analyse_tab, services, base)
        finetune.wire(finetune_tab, base)
        evaluate.wire(evaluate_tab, base)
    return window


def launch(services: Services, settings: Settings, *, inbrowser: bool | None = None) -> Window:
    """Serve the window to this machine; returns at once.

    Raises
    ------
    BadSetting
        If the port is taken.
    """
    from slava.errors import BadSetting

    logging.getLogger("httpx").setLevel(logging.WARNING)
    guard.log_to(services.logs())
    routes = PixelRoutes(services)
    window = build_window(services, routes)
    window.queue(default_concurrency_limit=8)
    try:
        _, url, _ = window.launch(
            server_name="127.0.0.1",
            server_port=settings.port or None,
            share=False,
            ssr_mode=False,
            mcp_server=False,
            enable_monitoring=False,
            run_history=False,
            footer_links=[],
            auth=list(settings.logins) or None,
            max_file_size=MAX_FILE_SIZE,
            allowed_paths=[],
            blocked_paths=[str(settings.workspace)],
            theme=theme.make_theme(),
            css="\n".join(
                [styles(), *(asset(f"{tab}/frame.css") for tab in FRAMED), evaluate.frame()]
            ),
            js=asset("shell.js"),
            inbrowser=settings.open_browser if inbrowser is None else inbrowser,
            quiet=True,
            show_error=True,
            prevent_thread_lock=True,
            app_kwargs={
                "routes": [
                    classify.routes(services, routes.base),
                    *curate.routes(services, routes.base),
                    finetune.routes(services, routes.base),
                    evaluate.routes(services, routes.base),
                    routes.mount(),
                ],
                "middleware": _middleware(settings),
            },
        )
    except OSError as error:
        raise BadSetting(
            f"port {settings.port} on this machine is taken ({error}). "
            "Choose another with --port, or 0 for a free one."
        ) from error
    return Window(url, window, services)


def _middleware(settings: Settings) -> list[Middleware]:
    """What every request passes, the outermost first."""
    return [
        Middleware(TrustedHostMiddleware, allowed_hosts=list(guard.HOSTS)),
        Middleware(guard.PageGuard),
        *([Middleware(guard.LoginGuard)] if settings.logins else []),
    ]


def serve(
    services: Services, settings: Settings, *, announce: Callable[[str], None] = print
) -> None:
    """Serve until Ctrl+C; ``announce`` is told the address once it answers."""
    window = launch(services, settings)
    announce(window.url)
    try:
        window.blocks.block_thread()
    finally:
        window.close()
