"""Facts: kept whole, and only as long as the calibration they came from holds."""

from __future__ import annotations

import json
import zlib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from slava.domain import (
    Box,
    Calibration,
    DefectCandidate,
    Fact,
    MeasuredObject,
    Measurement,
    MeasureSettings,
    Micrograph,
    MicrographId,
    Sizes,
)
from slava.errors import NotFound
from store import Store
from store.details import packed_details, packed_wish, unpacked_details, unpacked_wish
from store.facts import _packed, _unpacked

USED = MeasureSettings(
    threshold=1 / 3,
    min_size_px=0.1 + 0.2,
    polarity="dark",
    outline="network",
    region=Box(1, 2, 30, 40),
    excluded=((3.5, 4.25), (1e-9, 2.0)),
)


def object_at(number: int) -> MeasuredObject:
    """An object whose numbers have no short decimal form."""
    numbers = (number / 7 + k / 3 for k in range(11))
    box = Box(number, number + 1, number + 2, number + 3)
    return MeasuredObject(number, *numbers, box=box, whole=number % 2 == 0)


@pytest.fixture
def micrograph(store: Store, file: Path) -> Micrograph:
    return store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=2").micrograph


def measured(size: float = 31.0) -> Measurement:
    return Measurement(
        kind="particles",
        kind_confidence=0.9,
        facts=(
            Fact("diameter", "Mean diameter", size, "nm", 1.5, "watershed", {"sigma": 2, "k": "a"}),
            Fact("count", "Particles", 12, method="labels"),
            Fact("orientation", "Orientation", "none"),
        ),
        count=12,
        mean_size_px=size / 2,
        mean_size_nm=size,
        labels=np.arange(48 * 56, dtype=np.int32).reshape(48, 56),
        warnings=("touching the edge",),
        sizes=Sizes(12, size / 2, 0.1, size / 3, size / 7, size),
        objects=tuple(object_at(number) for number in range(1, 13)),
        defects=(DefectCandidate("crack", Box(0, 1, 2, 3), 4 / 3),),
        method="watershed of a threshold",
        used=USED,
    )


def same(a: Measurement | None, b: Measurement) -> bool:
    assert a is not None
    assert a.labels is not None
    assert b.labels is not None
    assert a.labels.dtype == np.int32
    assert np.array_equal(a.labels, b.labels)
    names = [field.name for field in fields(Measurement) if field.name != "labels"]
    return all(getattr(a, name) == getattr(b, name) for name in names)


def test_a_measurement_comes_back_whole(store: Store, micrograph: Micrograph) -> None:
    assert store.facts.get_measurement(micrograph.id) is None
    store.facts.record_measurement(micrograph.id, measured())
    found = store.facts.get_measurement(micrograph.id)
    assert same(found, measured())
    assert found is not None
    assert [type(fact.value) for fact in found.facts] == [float, int, str]


def test_the_newest_counts(store: Store, micrograph: Micrograph) -> None:
    store.facts.record_measurement(micrograph.id, measured(31))
    store.facts.record_measurement(micrograph.id, measured(32))
    assert same(store.facts.get_measurement(micrograph.id), measured(32))


def test_another_calibration_supersedes_and_the_old_one_brings_back(
    store: Store, micrograph: Micrograph
) -> None:
    store.facts.record_measurement(micrograph.id, measured())
    for other in (Calibration(2.0, "manual"), Calibration(3.0, "sidecar"), None):
        store.micrographs.set_calibration(micrograph.id, other)
        assert store.facts.get_measurement(micrograph.id) is None
    store.micrographs.set_calibration(micrograph.id, micrograph.calibration)
    assert same(store.facts.get_measurement(micrograph.id), measured())


def test_a_measurement_of_an_earlier_calibration_never_counts_for_the_new_one(
    store: Store, micrograph: Micrograph
) -> None:
    store.micrographs.set_calibration(micrograph.id, Calibration(9.0, "manual"))
    store.facts.record_measurement(micrograph.id, measured(), calibration=micrograph.calibration)
    assert store.facts.get_measurement(micrograph.id) is None


def test_an_uncalibrated_micrograph_has_measurements_of_its_own(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    bare = Measurement("unsure", 0.2, (Fact("width", "Width", 56, "px"),))
    store.facts.record_measurement(micrograph.id, bare)
    found = store.facts.get_measurement(micrograph.id)
    assert found is not None
    assert (found.facts, found.labels, found.count) == (bare.facts, None, None)


def test_another_version_of_the_method_is_another_measurement(
    store: Store, micrograph: Micrograph
) -> None:
    store.facts.record_measurement(micrograph.id, measured(1), method_version="a")
    assert store.facts.get_measurement(micrograph.id, method_version="b") is None
    store.facts.record_measurement(micrograph.id, measured(2), method_version="b")
    assert same(store.facts.get_measurement(micrograph.id, method_version="a"), measured(1))


def test_numbers_of_numpy_are_numbers(store: Store, micrograph: Micrograph) -> None:
    fact = Fact("d", "d", np.float64(2.5), "nm", np.float32(0.5), "m", {"n": np.int64(3)})  # type: ignore[arg-type,dict-item]
    store.facts.record_measurement(
        micrograph.id,
        Measurement("other", np.float64(0.5), (fact,), count=np.int64(4)),  # type: ignore[arg-type]
    )
    found = store.facts.get_measurement(micrograph.id)
    assert found is not None
    assert found.facts == (Fact("d", "d", 2.5, "nm", 0.5, "m", {"n": 3}),)
    assert found.count == 4


def test_what_was_kept_before_objects_were_is_read_but_is_not_whole(
    store: Store, micrograph: Micrograph
) -> None:
    store.facts.record_measurement(micrograph.id, measured())
    with store.database.writing() as transaction:
        transaction.run("UPDATE measurements SET details = NULL, wish = NULL")
    found = store.facts.get_measurement(micrograph.id)
    assert found is not None
    assert (found.facts, found.objects, found.sizes) == (measured().facts, (), None)
    assert store.facts.get_measurement(micrograph.id, whole=True) is None
    assert store.facts.get_wish(micrograph.id) is None
    store.facts.record_measurement(micrograph.id, measured())
    assert same(store.facts.get_measurement(micrograph.id, whole=True), measured())


def test_the_last_wish_outlives_calibrations_and_methods(
    store: Store, micrograph: Micrograph
) -> None:
    assert store.facts.get_wish(micrograph.id) is None
    store.facts.record_measurement(micrograph.id, measured(), wish=(None, MeasureSettings()))
    assert store.facts.get_wish(micrograph.id) == (None, MeasureSettings())
    store.facts.record_measurement(micrograph.id, measured(), wish=("fibres", USED))
    store.facts.record_measurement(micrograph.id, measured(), method_version="next")
    store.micrographs.set_calibration(micrograph.id, Calibration(9.0, "manual"))
    assert store.facts.get_wish(micrograph.id) == ("fibres", USED)


def test_an_unknown_micrograph_has_no_facts(store: Store) -> None:
    with pytest.raises(NotFound, match="There is no micrograph 'none'"):
        store.facts.record_measurement(MicrographId("none"), measured())


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    hnp.arrays(
        np.int32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.integers(0, 2**31 - 1),
    )
)
def test_labels_come_back_from_their_bytes(labels: np.ndarray) -> None:
    again = _unpacked(_packed(labels))
    assert again is not None
    assert again.dtype == np.int32
    assert np.array_equal(again, labels)


NUMBERS = st.floats(allow_nan=False)
BOXES = st.builds(Box, *[st.integers(0, 2**20)] * 4)
SETTINGS = st.builds(
    MeasureSettings,
    threshold=st.none() | NUMBERS,
    min_size_px=st.none() | NUMBERS,
    region=st.none() | BOXES,
    excluded=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3).map(tuple),
)
OBJECTS = st.builds(MeasuredObject, st.integers(1), *[NUMBERS] * 11, BOXES, st.booleans())


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.none() | st.builds(Sizes, st.integers(0), *[NUMBERS] * 5),
    st.lists(OBJECTS, max_size=3).map(tuple),
    st.text(max_size=9),
    SETTINGS,
)
def test_details_come_back_exactly(
    sizes: Sizes | None, objects: tuple[MeasuredObject, ...], method: str, used: MeasureSettings
) -> None:
    whole = Measurement("other", 0.5, (), sizes=sizes, objects=objects, method=method, used=used)
    details = unpacked_details(packed_details(whole))
    assert details is not None
    again = Measurement("other", 0.5, (), **details)
    assert same_details(again, whole)


def test_objects_of_another_version_are_not_whole() -> None:
    content = packed_details(measured())
    said = json.loads(zlib.decompress(content))
    del said["objects"]["solidity"]
    assert unpacked_details(zlib.compress(json.dumps(said).encode())) is None
    assert unpacked_details(content) is not None
    assert unpacked_details(None) is None


def test_a_setting_of_another_version_is_left_out() -> None:
    text = packed_wish(("fibres", USED)).replace("polarity", "polarisation")
    assert unpacked_wish(text) == ("fibres", replace(USED, polarity="auto"))


def same_details(a: Measurement, b: Measurement) -> bool:
    return (a.sizes, a.objects, a.method, a.used) == (b.sizes, b.objects, b.method, b.used)
