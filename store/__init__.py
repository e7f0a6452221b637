"""The workspace: one DuckDB file and a folder of content-addressed originals."""

from store.calibrations import CalibrationRecord
from store.ingests import FileResult, Ingest
from store.micrographs import Added
from store.store import Store

__all__ = ["Added", "CalibrationRecord", "FileResult", "Ingest", "Store"]
