"""The workspace: one DuckDB file and a folder of content-addressed originals."""

from store.calibrations import CalibrationRecord
from store.ingests import FileResult, Ingest
from store.labels import Labelling, LabelRecord
from store.micrographs import Added
from store.store import Store
from store.vectors import VectorMatrix

__all__ = [
    "Added",
    "CalibrationRecord",
    "FileResult",
    "Ingest",
    "LabelRecord",
    "Labelling",
    "Store",
    "VectorMatrix",
]
