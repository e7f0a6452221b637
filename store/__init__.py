"""The workspace: one DuckDB file and a folder of content-addressed originals."""

from store.adapters import Lineage
from store.calibrations import CalibrationRecord
from store.drafts import DraftJob
from store.ingests import FileResult, Ingest
from store.labels import Labelling, LabelRecord
from store.micrographs import Added
from store.pair_filter import PairFilter
from store.pairs import AddedPairs
from store.review_checks import Judgement
from store.reviews import BulkResult
from store.run_folders import RunSize
from store.store import Store
from store.vectors import VectorMatrix

__all__ = [
    "Added",
    "AddedPairs",
    "BulkResult",
    "CalibrationRecord",
    "DraftJob",
    "FileResult",
    "Ingest",
    "Judgement",
    "LabelRecord",
    "Labelling",
    "Lineage",
    "PairFilter",
    "RunSize",
    "Store",
    "VectorMatrix",
]
