"""What the review panel asks for, as JSON. Nothing here imports Gradio."""

from __future__ import annotations

from starlette.routing import BaseRoute

from ui.services import Services


def routes(_services: Services, _base: str) -> list[BaseRoute]:
    """The routes below ``base/curate/review``."""
    return []
