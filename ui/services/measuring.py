"""Measuring in the background, one micrograph at a time, the newest wish first.

What has been measured is read from the store; a measurement that fails is remembered with its
reason until it is asked for again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from slava.domain import (
    Calibration,
    Fact,
    Measurement,
    MeasureSettings,
    Micrograph,
    MicrographId,
)
from slava.domain.fact import Kind
from slava.errors import NotFound, SlavaError
from store import Store
from ui.services.news import News
from ui.services.pictures import Pictures

log = logging.getLogger("slava.measuring")
T = TypeVar("T")


Key = tuple[MicrographId, Calibration | None]
RECENT = 4

State = Literal["measuring", "measured", "failed"]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of a micrograph now."""

    micrograph: Micrograph
    facts: tuple[Fact, ...]
    measurement: Measurement | None
    state: State
    error: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the file and of the measurement."""
        measured = self.measurement.warnings if self.measurement else ()
        return (*self.micrograph.warnings, *measured)


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants it measured; what is left alone is chosen from the pixels."""

    kind: Kind | None = None
    settings: MeasureSettings = field(default_factory=MeasureSettings)


AUTOMATIC = Wish()
Measure = Callable[[Micrograph, Pictures, Wish], Measurement]


def measure(micrograph: Micrograph, pictures: Pictures, wish: Wish) -> Measurement:
    """Everything that can be measured on it, as wished; burnt-in letters and bars are left out."""
    from slava.imaging.measure import measure_inspected

    grey = pictures.get(micrograph.id).grey
    return measure_inspected(micrograph, grey, kind=wish.kind, settings=wish.settings)


def method_version() -> str:
    """The version of the measuring methods; facts of an older one are measured anew."""
    from slava.imaging.measure import METHOD_VERSION

    return METHOD_VERSION


class Measuring:
    """The queue of measurements; safe to use from any thread."""

    def __init__(
        self, store: Store, pictures: Pictures, news: News, how: Measure = measure
    ) -> None:
        self._store, self._pictures, self._news, self._how = store, pictures, news, how
        self._change = threading.Condition()
        self._recent: dict[Key, Measurement] = {}
        self._outlines: dict[Key, tuple[Measurement, list[dict[str, Any]]]] = {}
        self._wanted: dict[MicrographId, bool] = {}
        self._wishes: dict[MicrographId, Wish] = {}
        self._at_work: MicrographId | None = None
        self._failed: dict[MicrographId, str] = {}
        self._worker: threading.Thread | None = None

    def known(self, micrograph_id: MicrographId) -> Known:
        """What is known now; measuring is begun when it has not been done."""
        from slava.imaging.measure import facts_of

        micrograph = self._store.micrographs.get_micrograph(micrograph_id)
        with self._change:  # before the measurement is read: it is kept before the work is over
            error = self._failed.get(micrograph_id)
            pending = micrograph_id in self._wanted or self._at_work == micrograph_id
        measurement = self.measurement(micrograph)
        facts = facts_of(micrograph, measurement)
        if measurement is not None:
            state: State = "measuring" if pending else "measured"
            return Known(micrograph, facts, measurement, state)
        if error is not None:
            return Known(micrograph, facts, None, "failed", error)
        if pending:
            self._prefer(micrograph_id)
        else:
            self.want(micrograph_id)
        return Known(micrograph, facts, None, "measuring")

    def measurement(self, micrograph: Micrograph) -> Measurement | None:
        """What was measured with its calibration; the last few are kept in memory."""
        key = (micrograph.id, micrograph.calibration)
        with self._change:
            found = self._recent.get(key)
        if found is None:
            found = self._store.facts.get_measurement(
                micrograph.id, method_version=method_version(), whole=True
            )
            if found is not None:
                self._remember(key, found)
        return found

    def outlines(self, micrograph: Micrograph) -> list[dict[str, Any]]:
        """Outlines of the measured objects, in pixels of the file; kept with the measurement."""
        from slava.imaging.measure import outlines

        measurement = self.measurement(micrograph)
        if measurement is None or measurement.labels is None:
            return []
        key = (micrograph.id, micrograph.calibration)
        with self._change:
            kept = self._outlines.get(key)
        if kept is not None and kept[0] is measurement:
            return kept[1]
        found = outlines(measurement.labels)
        with self._change:
            _keep(self._outlines, key, (measurement, found))
        return found

    def _remember(self, key: Key, measurement: Measurement) -> None:
        with self._change:
            _keep(self._recent, key, measurement)

    def wish_of(self, micrograph_id: MicrographId) -> Wish:
        """How it was last wanted to be measured, also before the window was last closed."""
        with self._change:
            wish = self._wishes.get(micrograph_id)
        if wish is not None:
            return wish
        kept = self._store.facts.get_wish(micrograph_id)
        with self._change:
            return self._wishes.setdefault(micrograph_id, Wish(*kept) if kept else AUTOMATIC)

    def want(self, micrograph_id: MicrographId, wish: Wish | None = None) -> None:
        """Put it first in the queue, measured as wished or as it was wished last."""
        with self._change:
            self._failed.pop(micrograph_id, None)
            if wish is not None:
                self._wishes[micrograph_id] = wish
            if self._at_work != micrograph_id or wish is not None:
                self._wanted.pop(micrograph_id, None)
                self._wanted[micrograph_id] = True
            if self._worker is None:
                self._worker = threading.Thread(
                    target=self._work, name="slava-measuring", daemon=True
                )
                self._worker.start()
        self._news.tell()

    def complete(self, micrograph: Micrograph) -> Measurement:
        """The measurement, measured here and now where none is kept."""
        found = self.measurement(micrograph)
        if found is None:
            found = self._how(micrograph, self._pictures, self.wish_of(micrograph.id))
            self._remember((micrograph.id, micrograph.calibration), found)
        return found

    def close(self, timeout_s: float) -> None:
        """Drop what waits, and wait for what is being measured."""
        with self._change:
            self._wanted.clear()
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)

    def _prefer(self, micrograph_id: MicrographId) -> None:
        """Put it first, if it still waits."""
        with self._change:
            if micrograph_id in self._wanted:
                self._wanted[micrograph_id] = self._wanted.pop(micrograph_id)

    def wait(self, micrograph_id: MicrographId, stop: threading.Event) -> Known:
        """What is known once it is measured, or as soon as ``stop`` is set."""
        while True:
            known = self.known(micrograph_id)
            if known.state != "measuring" or stop.is_set():
                return known
            with self._change:
                self._change.wait(0.1)

    def _work(self) -> None:
        while True:
            with self._change:
                if not self._wanted:
                    self._worker = None
                    return
                self._at_work, _ = self._wanted.popitem()
            try:
                self._measure(self._at_work)
            finally:
                with self._change:
                    self._at_work = None
                    self._change.notify_all()
                self._news.tell()

    def _measure(self, micrograph_id: MicrographId) -> None:
        try:
            micrograph = self._store.micrographs.get_micrograph(micrograph_id)
            wish = self.wish_of(micrograph_id)
            found = self._how(micrograph, self._pictures, wish)
            self._store.facts.record_measurement(
                micrograph_id,
                found,
                calibration=micrograph.calibration,
                method_version=method_version(),
                wish=(wish.kind, wish.settings),
            )
            self._remember((micrograph_id, micrograph.calibration), found)
            self.outlines(micrograph)
        except NotFound:
            return  # removed meanwhile
        except SlavaError as error:
            self._fail(micrograph_id, str(error))
        except Exception as error:
            log.exception("measuring %s failed", micrograph_id)
            self._fail(micrograph_id, f"measuring failed ({type(error).__name__}: {error}).")

    def _fail(self, micrograph_id: MicrographId, reason: str) -> None:
        with self._change:
            self._failed[micrograph_id] = reason


def _keep(kept: dict[Key, T], key: Key, value: T) -> None:
    """Put it last, and let the oldest go when there are too many."""
    kept.pop(key, None)
    kept[key] = value
    while len(kept) > RECENT:
        kept.pop(next(iter(kept)))
