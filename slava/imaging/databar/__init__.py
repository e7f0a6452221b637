"""The databar: found by its flat rows, read with letters and bar, masked before measuring."""

from slava.imaging.databar.read import DatabarReading, read_databar
from slava.imaging.databar.strip import find_databar

__all__ = ["DatabarReading", "find_databar", "read_databar"]
