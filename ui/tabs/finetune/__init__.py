"""The Fine-tune tab: a run is planned, started, followed, compared, and its adapter taken up."""

from ui.tabs.finetune.layout import Finetune, build
from ui.tabs.finetune.routes import routes
from ui.tabs.finetune.wiring import wire

__all__ = ["Finetune", "build", "routes", "wire"]
