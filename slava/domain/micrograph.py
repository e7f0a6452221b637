"""What a micrograph is, apart from its pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NewType

MicrographId = NewType("MicrographId", str)
"""The SHA-256 of the original bytes, 64 lower-case hex digits."""

CalibrationSource = Literal["metadata", "sidecar", "databar", "manual"]
"""Where a pixel size came from, most trusted first. No calibration is ``None``, not a source."""

Modality = Literal["SEM", "TEM", "STEM", "optical", "unknown"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels: columns ``left <= x < right``, rows ``top <= y < bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width_px(self) -> int:
        return self.right - self.left

    @property
    def height_px(self) -> int:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Calibration:
    """The size of one pixel, and why we believe it.

    ``detail`` says where exactly: a tag (``Scan.PixelWidth``), a sidecar's file name, the two
    points of a manual line. ``confidence`` (0..1) is below 1 and ``confirmed`` false only where
    a program has read it from the databar and nobody has looked yet.
    """

    nm_per_px: float
    source: CalibrationSource
    detail: str = ""
    confidence: float = 1.0
    confirmed: bool = True

    def __post_init__(self) -> None:
        if not 1e-4 < self.nm_per_px < 1e7:
            raise ValueError(f"nm_per_px must be in (1e-4, 1e7), got {self.nm_per_px!r}")


@dataclass(frozen=True, slots=True)
class Databar:
    """The information strip burnt into a micrograph: rows ``top <= y < bottom``, full width."""

    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """The bar of known length burnt into a micrograph, as it was read.

    ``text`` is its label in plain writing (``10 µm``), ``length_px`` the bar's own pixels
    (``None`` where the label was read but no bar was found), ``confidence`` 0..1 for both.
    """

    text: str
    length_nm: float
    length_px: float | None
    confidence: float
    box: Box | None = None
    """The pixels of the bar."""

    @property
    def nm_per_px(self) -> float | None:
        return self.length_nm / self.length_px if self.length_px else None


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the instrument says of itself and of the exposure; ``None`` is "not said"."""

    vendor: str | None = None
    model: str | None = None
    detector: str | None = None
    magnification: float | None = None
    accelerating_voltage_kv: float | None = None
    working_distance_mm: float | None = None
    modality: Modality = "unknown"
    acquired_at: str | None = None
    """ISO 8601, without a zone where the file gives none."""


@dataclass(frozen=True, slots=True)
class Micrograph:
    """An electron micrograph in the workspace. Its pixels are read from its original bytes."""

    id: MicrographId
    name: str
    """The file name it came with: untrusted text."""
    format: str
    """``TIFF``, ``PNG``, ``JPEG``, ``BMP``, or a rosettasciio format name."""
    width_px: int
    height_px: int
    bit_depth: int
    size_bytes: int
    calibration: Calibration | None = None
    instrument: Instrument = field(default_factory=Instrument)
    databar: Databar | None = None
    scale_bar: ScaleBar | None = None
    databar_read: bool = False
    """Whether the letters in the picture have been read, with or without success."""
    letters: tuple[Box, ...] = ()
    """Where letters are burnt in, as far as they have been read."""
    warnings: tuple[str, ...] = ()
    notes: str = ""
    """The user's own words about the sample."""
    added_at: str = ""
    """ISO 8601, UTC."""
    confidential: bool = False
    """Whether it may never leave this machine."""
    licence: str = ""
    """Under which terms it may be passed on; empty where nobody has said so."""

    @property
    def nm_per_px(self) -> float | None:
        return self.calibration.nm_per_px if self.calibration else None

    @property
    def proposal(self) -> Calibration | None:
        """What the scale bar says of an uncalibrated micrograph. It waits to be confirmed."""
        bar = self.scale_bar
        if self.calibration is not None or bar is None or bar.nm_per_px is None:
            return None
        detail = f"scale bar {bar.text} = {bar.length_px:.4g} px"
        return Calibration(bar.nm_per_px, "databar", detail, bar.confidence, confirmed=False)

    @property
    def field_width_um(self) -> float | None:
        """Width of the whole picture in µm; ``None`` when uncalibrated."""
        return self.width_px * self.calibration.nm_per_px / 1e3 if self.calibration else None

    @property
    def picture(self) -> Box:
        """The rows above or below the databar, whichever are more: the specimen itself."""
        bar = self.databar
        if bar is None:
            return Box(0, 0, self.width_px, self.height_px)
        if bar.top >= self.height_px - bar.bottom:
            return Box(0, 0, self.width_px, bar.top)
        return Box(0, bar.bottom, self.width_px, self.height_px)
