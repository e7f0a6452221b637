"""Measuring micrographs: pixels in, facts out, nanometres only with a calibration.

``measure_micrograph`` does everything in one go; ``facts_of``, ``to_record`` and ``outlines`` put
the result into the form that the facts panel, the command line and the viewer need. Nothing here
reads files or knows of stores, models or windows.
"""

from slava.imaging.measure.kind import choose_kind
from slava.imaging.measure.micrograph import (
    measure_inspected,
    measure_micrograph,
    measure_prepared,
)
from slava.imaging.measure.prepared import Prepared, prepare
from slava.imaging.measure.record import fact_record, facts_of, outlines, to_record

METHOD_VERSION = "4"
"""Raised whenever the same pixels would give other facts: older ones are then measured anew."""

__all__ = [
    "METHOD_VERSION",
    "Prepared",
    "choose_kind",
    "fact_record",
    "facts_of",
    "measure_inspected",
    "measure_micrograph",
    "measure_prepared",
    "outlines",
    "prepare",
    "to_record",
]
