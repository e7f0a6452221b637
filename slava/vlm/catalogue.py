"""The models that sLAVA recommends: a table with size, memory, licence and what they are good for.

The table is data (``catalogue.toml``); this module reads and checks it. It knows no network: what
is on this machine is another module's business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

from slava.domain.conversation import Quantization
from slava.errors import BadSetting
from slava.vlm.memory import QUANTIZED_BYTES
from slava.vlm.model_folder import REPOSITORY_ID

Pictures = Literal["one", "several"]

_WORKING_SHARE = 0.1
_WORKING_GB = 0.4
"""Conversation, picture and libraries: a tenth of the weights and this."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """One recommended model. Sizes are what its publisher states, rounded: read them as "about"."""

    reference: str
    """Repository id, ``owner/name``."""
    family: str
    parameters: int
    """In millions."""
    quantizable: int
    """Of ``parameters``, those that 8-bit and nf4 shrink, in millions."""
    download_gb: float
    licence: str
    pictures: Pictures
    note: str
    needs: str = ""
    """A package that must be installed besides sLAVA's own."""
    gated: bool = False
    """Its licence must be accepted on its page before it can be downloaded."""

    @property
    def name(self) -> str:
        return self.reference.split("/")[1]

    def memory_gb(self, quantization: Quantization) -> float:
        """Memory in decimal GB to load and answer, about: 16-bit weights, or quantized ones."""
        small = QUANTIZED_BYTES.get(quantization, 2.0)
        weights = ((self.parameters - self.quantizable) * 2.0 + self.quantizable * small) / 1e3
        return round(weights * (1 + _WORKING_SHARE) + _WORKING_GB, 1)

    def to_record(self) -> dict[str, Any]:
        """Plain values under stable names, for JSON and tables."""
        return {
            "model": self.reference,
            "family": self.family,
            "parameters_millions": self.parameters,
            "licence": self.licence,
            "gated": self.gated,
            "download_gb": self.download_gb,
            "memory_gb": {key: self.memory_gb(key) for key in get_args(Quantization)},
            "pictures": self.pictures,
            "needs": self.needs,
            "note": self.note,
        }


def list_models() -> tuple[Recommended, ...]:
    """The recommended models, small to large."""
    text = files("slava.vlm").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return parse_catalogue(text)


def find_recommended(reference: str) -> Recommended | None:
    """The entry of a repository id, if it is recommended."""
    return next((entry for entry in list_models() if entry.reference == reference), None)


def parse_catalogue(text: str) -> tuple[Recommended, ...]:
    """Read a catalogue and check every entry.

    Raises
    ------
    BadSetting
        Naming all that is wrong at once.
    """
    try:
        tables = tomllib.loads(text).get("model", [])
    except tomllib.TOMLDecodeError as error:
        raise BadSetting(f"The catalogue is not TOML ({error}).") from error
    wrong: list[str] = []
    entries = [entry for table in tables if (entry := _entry(table, wrong))]
    references = [entry.reference for entry in entries]
    wrong += [f"{r}: listed twice" for r in sorted(set(references)) if references.count(r) > 1]
    if wrong:
        raise BadSetting("The catalogue is wrong. " + "; ".join(wrong) + ".")
    return tuple(sorted(entries, key=lambda entry: entry.parameters))


_FIELDS: Mapping[str, tuple[type, ...]] = {
    "reference": (str,),
    "family": (str,),
    "parameters": (int,),
    "quantizable": (int,),
    "download_gb": (int, float),
    "licence": (str,),
    "pictures": (str,),
    "note": (str,),
    "needs": (str,),
    "gated": (bool,),
}
_OPTIONAL = {"needs", "gated"}


def _entry(table: Mapping[str, Any], wrong: list[str]) -> Recommended | None:
    name = str(table.get("reference", "an entry"))
    faults = [f"{name}: unknown field {key}" for key in table if key not in _FIELDS]
    for key, kinds in _FIELDS.items():
        if key not in table:
            faults += [] if key in _OPTIONAL else [f"{name}: no {key}"]
        elif not isinstance(table[key], kinds):
            faults.append(f"{name}: {key} is {table[key]!r}")
    if not faults:
        faults = _implausible(name, table)
    wrong += faults
    return None if faults else Recommended(**table)


def _implausible(name: str, table: Mapping[str, Any]) -> list[str]:
    faults = []
    if not REPOSITORY_ID.fullmatch(table["reference"]):
        faults.append(f"{name}: reference is not owner/name")
    if table["pictures"] not in get_args(Pictures):
        faults.append(f"{name}: pictures is {table['pictures']!r}, not one or several")
    if not 0 < table["quantizable"] < table["parameters"]:
        faults.append(f"{name}: quantizable is not between 0 and parameters")
    if not 1.5 <= table["download_gb"] * 1000 / max(table["parameters"], 1) <= 4.5:
        faults.append(f"{name}: download_gb does not go with parameters")
    if not table["licence"].strip():
        faults.append(f"{name}: no licence")
    return faults
