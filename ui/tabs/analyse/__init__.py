"""The Analyse tab: library, viewer with what is known, conversation."""

from ui.tabs.analyse.layout import Analyse, build
from ui.tabs.analyse.wiring import wire

__all__ = ["Analyse", "build", "wire"]
