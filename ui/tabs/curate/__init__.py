"""The Curate tab: pairs are drafted, reviewed and frozen, each in a view of its own."""

from ui.tabs.curate.layout import Curate, build
from ui.tabs.curate.routes import routes
from ui.tabs.curate.wiring import wire

__all__ = ["Curate", "build", "routes", "wire"]
