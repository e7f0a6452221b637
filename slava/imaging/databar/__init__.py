"""The databar: found by its flat rows, read with letters and bar, masked before measuring."""

from slava.imaging.databar.mask import burnt_in_mask
from slava.imaging.databar.read import DatabarReading, read_databar
from slava.imaging.databar.strip import find_databar

__all__ = ["DatabarReading", "burnt_in_mask", "find_databar", "read_databar"]
