"""Classification by example: encoders, the library's index, demonstrations, votes, their fusion.

Nothing here imports torch before an encoder is opened.
"""

from slava.retrieval.classify import Query, classify
from slava.retrieval.encoder import KnowsClasses, MicrographEncoder, open_encoder
from slava.retrieval.fusion import Fusion, fit_fusion
from slava.retrieval.index import Index
from slava.retrieval.sampling import sample_demonstrations
from slava.retrieval.view import specimen_view

__all__ = [
    "Fusion",
    "Index",
    "KnowsClasses",
    "MicrographEncoder",
    "Query",
    "classify",
    "fit_fusion",
    "open_encoder",
    "sample_demonstrations",
    "specimen_view",
]
