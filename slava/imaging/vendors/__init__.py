"""What metadata means, one module per vendor. Nothing here opens a file or decides what to trust.

``metadata_of`` asks the tags of a frame, ``sidecar_of`` the bytes of a sidecar file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slava.imaging.vendors.fei import fei
from slava.imaging.vendors.generic import gatan, imagej, olympus, tvips
from slava.imaging.vendors.hitachi import hitachi, hitachi_sidecar
from slava.imaging.vendors.jeol import jeol_sidecar, jeol_sightx
from slava.imaging.vendors.said import Said, merge
from slava.imaging.vendors.scientific import scientific, tia_sidecar
from slava.imaging.vendors.tescan import tescan, tescan_sidecar
from slava.imaging.vendors.text import decode
from slava.imaging.vendors.xml_tags import ome, thermo
from slava.imaging.vendors.zeiss import zeiss

__all__ = ["Said", "merge", "metadata_of", "sidecar_of"]

Reader = Callable[[Mapping[str, Any]], Said | None]

_IN_TAGS: tuple[tuple[str, Reader], ...] = (
    # The instruments first: what a program wrote later may be a copy.
    ("FEI", fei),
    ("Zeiss", zeiss),
    ("TESCAN", tescan),
    ("Hitachi", hitachi),
    ("JEOL", jeol_sightx),
    ("Thermo Fisher", thermo),
    ("Gatan", gatan),
    ("Olympus", olympus),
    ("TVIPS", tvips),
    ("OME", ome),
    ("ImageJ", imagej),
    ("axes", scientific),
)
_IN_SIDECARS = (jeol_sidecar, hitachi_sidecar, tescan_sidecar, tia_sidecar)


def metadata_of(tags: Mapping[str, Any]) -> Said:
    """The first account among a frame's tags; an empty one when there is none.

    Metadata so damaged that it cannot be interpreted is left out with a warning.
    """
    warnings: list[str] = []
    for name, read in _IN_TAGS:
        try:
            said = read(tags)
        except Exception:
            warnings.append(f"Its {name} metadata is damaged and was left out.")
            continue
        if said is not None:
            return said
    return Said(warnings=tuple(warnings))


def sidecar_of(data: bytes) -> Said | None:
    """What a sidecar says; ``None`` when it is none that we know.

    A last line without an end is left out: of ``PixelSize=496`` there may be only ``4`` left.
    """
    text = decode(data)
    if "<ObjectInfo>" not in text:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    for read in _IN_SIDECARS:
        said = read(text)
        if said is not None:
            return said
    return None
