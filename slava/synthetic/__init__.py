"""Micrographs drawn by the computer, with their ground truth."""

from slava.synthetic.draw import Drawing, draw_micrograph, sample_micrographs
from slava.synthetic.truth import CATEGORIES, Truth

__all__ = ["CATEGORIES", "Drawing", "Truth", "draw_micrograph", "sample_micrographs"]
