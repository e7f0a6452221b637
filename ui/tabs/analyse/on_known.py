"""Events about what is known: calibrating, measuring, the user's notes."""

from __future__ import annotations

from typing import Any

import gradio as gr

from slava.domain import MicrographId
from ui.services import Services
from ui.services.calibrating import Line
from ui.tabs.analyse import incoming
from ui.tabs.analyse.showing import Showing, Shown


class OnKnown:
    """Handlers of the viewer and of the facts."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    def calibrate(self, event: gr.EventData) -> Shown:
        """Calibrate by a line that was drawn and the length that was typed."""
        line = Line(
            incoming.point(event, "from"),
            incoming.point(event, "to"),
            incoming.text(event, "length"),
            incoming.text(event, "unit"),
        )
        micrograph_id = MicrographId(incoming.text(event, "id"))
        return self._show.measured(self._services.calibrate(micrograph_id, line).id)

    def undo_calibration(self, event: gr.EventData) -> Shown:
        """Go back to the calibration of the file."""
        micrograph_id = MicrographId(incoming.text(event, "id"))
        return self._show.measured(self._services.undo_calibration(micrograph_id).id)

    def confirm_bar(self, event: gr.EventData) -> Shown:
        """Calibrate by the scale bar that was read from the picture."""
        micrograph_id = MicrographId(incoming.text(event, "id"))
        return self._show.measured(self._services.confirm_bar(micrograph_id).id)

    def refuse_bar(self, event: gr.EventData) -> Shown:
        """The scale bar was read wrongly."""
        micrograph_id = MicrographId(incoming.text(event, "id"))
        self._services.refuse_bar(micrograph_id)
        return self._show.measured(micrograph_id)

    def measure(self, event: gr.EventData) -> Shown:
        """Measure again, as what the user says or as what it looks like."""
        micrograph_id = MicrographId(incoming.text(event, "id"))
        settings = incoming.measure_settings(event)
        self._services.measure_as(micrograph_id, incoming.text(event, "kind"), settings)
        return self._show.measured(micrograph_id)

    def exclude(self, event: gr.EventData) -> Shown:
        """Leave out an object that was clicked."""
        micrograph_id = MicrographId(incoming.text(event, "id"))
        self._services.exclude(micrograph_id, incoming.point(event, "point"))
        return self._show.measured(micrograph_id)

    def note(self, micrograph_id: MicrographId | None, event: gr.EventData) -> Any:
        """Keep the user's notes about a sample."""
        noted = MicrographId(incoming.text(event, "id"))
        self._services.note(noted, incoming.text(event, "notes"))
        return self._show.askbar(self._show.known(micrograph_id))
