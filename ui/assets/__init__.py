"""The files that the window is made of: templates, scripts, style sheets. They never change."""

from functools import cache
from importlib import resources


@cache
def asset(name: str) -> str:
    """The text of a file of this folder."""
    return resources.files("ui.assets").joinpath(name).read_text(encoding="utf-8")
