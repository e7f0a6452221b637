"""The routes of the views beside Gradio's, each under its own name below the token."""

from __future__ import annotations

from starlette.routing import Mount

from ui.services import Services
from ui.tabs.curate import dataset_routes, draft_routes, review_routes


def routes(services: Services, base: str) -> list[Mount]:
    """To be mounted before the pixel routes, whose ``base`` they share."""
    return [
        Mount(f"/{base}/curate/review", routes=review_routes.routes(services, base)),
        Mount(f"/{base}/curate/draft", routes=draft_routes.routes(services, base)),
        Mount(f"/{base}/curate/dataset", routes=dataset_routes.routes(services, base)),
    ]
