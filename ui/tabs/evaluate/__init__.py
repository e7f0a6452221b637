"""The Evaluate tab: test sets, models, measures; results as papers show them; blind scoring."""

from ui.tabs.evaluate.layout import Evaluate, build, frame
from ui.tabs.evaluate.routes import routes
from ui.tabs.evaluate.wiring import wire

__all__ = ["Evaluate", "build", "frame", "routes", "wire"]
