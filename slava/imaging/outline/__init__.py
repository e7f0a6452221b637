"""Outlines of countable objects by a small network, for pictures where thresholds fail."""

from slava.imaging.outline.find import OutlineSettings, outline_objects

__all__ = ["OutlineSettings", "outline_objects"]
