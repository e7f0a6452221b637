"""Events of the model: choosing, loading ahead, unloading, downloading after a yes."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.services import Services
from ui.tabs.analyse import incoming
from ui.tabs.analyse.showing import LOOK_AGAIN, Seen, Showing, Shown


class OnModel:
    """Handlers of the model panel."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    def focus(self) -> Shown:
        """The user is about to ask: load the model meanwhile."""
        if self._services.models.state.phase != "empty":
            return gr.skip(), gr.skip()
        self._services.models.warm()
        return self._show.model(), LOOK_AGAIN

    def choose(self, event: gr.EventData) -> Shown:
        """Load another model, or the same one in another way."""
        self._services.choose_model(
            incoming.text(event, "reference"),
            incoming.text(event, "quantization"),
            int(incoming.number(event, "max_new_tokens")),
            incoming.number(event, "temperature"),
        )
        return self._show.model(), LOOK_AGAIN

    def unload(self) -> Any:
        """Give the model's memory back."""
        self._services.models.unload()
        return self._show.model()

    def look_up_size(self, event: gr.EventData) -> Shown:
        """Ask the hub how large the model is that is missing."""
        self._services.models.look_up_size(incoming.text(event, "reference"))
        return self._show.model(), LOOK_AGAIN

    def download(self, event: gr.EventData) -> Shown:
        """Download a model whose size the user has seen and confirmed."""
        self._services.models.download(incoming.text(event, "reference"))
        return self._show.model(), LOOK_AGAIN

    def cancel_download(self) -> Seen:
        """End the download; what has come is kept."""
        self._services.models.cancel_download()
        return LOOK_AGAIN
