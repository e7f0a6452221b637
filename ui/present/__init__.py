"""What the panels show, made from records: pure functions from records to plain dictionaries.

The panels put text into the page as text; nothing here is markup. It must not know Gradio, the
store or a thread.
"""

from ui.present.conversations import askbar, head, suggestions
from ui.present.facts import facts
from ui.present.library import library, library_items
from ui.present.model import kind_of_reference, model
from ui.present.viewer import calibration_text, viewer
from ui.present.words import SOURCES, UNCALIBRATED, Shown

__all__ = [
    "SOURCES",
    "UNCALIBRATED",
    "Shown",
    "askbar",
    "calibration_text",
    "facts",
    "head",
    "kind_of_reference",
    "library",
    "library_items",
    "model",
    "suggestions",
    "viewer",
]
