"""The Classify tab: a query, the demonstrations it is compared with, who says what."""

from ui.tabs.classify.layout import Classify, build
from ui.tabs.classify.routes import routes
from ui.tabs.classify.wiring import wire

__all__ = ["Classify", "build", "routes", "wire"]
