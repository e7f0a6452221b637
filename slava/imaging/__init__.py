"""Pixels in, records out: reading, calibrating, measuring and displaying micrographs."""
