"""Outlines of countable objects by a small network, for pictures where thresholds fail."""

from slava.imaging.outline.find import Subject, distance_inside, outline_objects
from slava.imaging.outline.joining import join_pieces, without_scraps

__all__ = [
    "Subject",
    "distance_inside",
    "join_pieces",
    "outline_objects",
    "without_scraps",
]
