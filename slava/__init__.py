"""The science of sLAVA: reading, calibrating, measuring and asking about electron micrographs.

Nothing here knows the window (gradio) or the database (duckdb); import-linter checks it.
"""

__version__ = "0.1.0"
