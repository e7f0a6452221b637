"""Everything known of micrographs by their files and by measuring, and measuring what is not.

Sets of pairs need the facts of all their micrographs at once; the window measures what it shows
by a queue of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from slava.domain import Fact, Measurement, Micrograph, MicrographId
from slava.errors import SlavaError
from store.facts import Facts
from store.micrographs import Micrographs

log = logging.getLogger(__name__)

_EVERY = 20
"""Micrographs between two words on the progress."""


class Knowledge:
    """The facts of a workspace's micrographs."""

    def __init__(self, micrographs: Micrographs, facts: Facts) -> None:
        self._micrographs, self._facts = micrographs, facts

    def measurement(self, micrograph_id: MicrographId) -> Measurement | None:
        """What was measured with its calibration by the methods of today."""
        from slava.imaging.measure import METHOD_VERSION

        return self._facts.get_measurement(micrograph_id, method_version=METHOD_VERSION)

    def facts(self, micrograph: Micrograph) -> tuple[Fact, ...]:
        """What the file says, then what was measured."""
        from slava.imaging.measure import facts_of

        return facts_of(micrograph, self.measurement(micrograph.id))

    def measure_missing(
        self, ids: Sequence[MicrographId], on_progress: Callable[[str], None]
    ) -> list[str]:
        """Measure what was not measured yet, as it was wished; what fails is told.

        Seconds for each: not for a window's own thread.
        """
        missing = [i for i in ids if self.measurement(i) is None]
        failed = []
        for number, micrograph_id in enumerate(missing):
            if number % _EVERY == 0:
                on_progress(f"measuring micrographs: {number} of {len(missing)}")
            try:
                self._measure(micrograph_id)
            except Exception as error:
                log.warning("measuring %s failed", micrograph_id, exc_info=True)
                why = error if isinstance(error, SlavaError) else type(error).__name__
                failed.append(f"{micrograph_id[:12]} could not be measured ({why})")
        return failed

    def _measure(self, micrograph_id: MicrographId) -> None:
        from slava.imaging.measure import METHOD_VERSION, measure_inspected

        micrograph = self._micrographs.get_micrograph(micrograph_id)
        wish = self._facts.get_wish(micrograph_id)
        kind, settings = wish or (None, None)
        grey = self._micrographs.read_grey(micrograph_id)
        self._facts.record_measurement(
            micrograph_id,
            measure_inspected(micrograph, grey, kind=kind, settings=settings),
            calibration=micrograph.calibration,
            method_version=METHOD_VERSION,
            wish=wish,
        )
