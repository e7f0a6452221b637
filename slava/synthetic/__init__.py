"""Micrographs drawn by the computer, with their ground truth."""
