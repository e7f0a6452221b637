"""What a run is told: backbone, method, preset, and every number that may be changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from slava.adapters import KINDS, AdapterKind, AdapterSettings
from slava.domain.conversation import ContextLevel, Quantization
from slava.errors import BadSetting

Preset = Literal["quick", "paper", "careful"]
Schedule = Literal["plateau", "cosine", "constant"]
Precision = Literal["auto", "fp32", "bf16"]

PRESETS: tuple[Preset, ...] = get_args(Preset)
BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. ``None`` is "as the backbone and the device have it".

    Raises
    ------
    BadSetting
        If a value is out of its range.
    """

    backbone: str = BUILTIN
    """``builtin``, a folder or a repository that is on this machine."""
    quantization: Quantization = "none"
    method: AdapterKind = "dya_moqpe"
    preset: Preset = "quick"
    seed: int = 0
    epochs: int = 30
    max_steps: int | None = None
    """Optimizer steps after which the run ends, whatever ``epochs`` says."""
    batch: int = 16
    """Examples per optimizer step."""
    micro_batch: int | None = None
    """Examples that are computed at once; the batch is reached by accumulation."""
    learning_rate: float = 3e-3
    schedule: Schedule = "cosine"
    plateau_epochs: int = 5
    """Epochs without a better validation loss after which ``plateau`` halves the rate."""
    patience: int | None = 12
    """Epochs without a better validation loss after which the run ends."""
    warmup_steps: int = 10
    weight_decay: float = 0.0
    clip: float = 1.0
    """Largest norm of the gradient."""

    rank: int = 16
    rank_min: int = 4
    experts: int = 4
    top_k: int = 2
    dropout: float = 0.05
    balance: float = 0.01
    z_loss: float = 1e-3
    rank_tolerance: float = 0.01
    """How much validation loss a smaller rank may cost, as a share of the best."""

    context: ContextLevel = "high"
    """What is told of a micrograph, in training as in answering."""
    matching: float = 0.2
    """Weight of image-text matching, where the backbone has a head for it."""
    classification: bool = True
    """Whether labelled micrographs are also asked for their category."""
    few_shot: float = 0.15
    """Share of category questions that come with demonstrations, where several pictures fit."""
    image_tokens: int | None = 512
    """Most tokens that one picture may take."""
    longest_answer: int = 384
    """Tokens of an answer that are learnt; the rest is cut."""

    checkpoint_steps: int | None = None
    """Optimizer steps between checkpoints; by default every epoch."""
    samples: int = 4
    """Questions of the validation part that are answered as the run goes."""
    evaluate_most: int = 200
    """Labelled micrographs of the test part whose category both are asked for at the end."""
    evaluate_answers: int = 60
    """Pairs of the test part that both answer in words."""
    evaluate: bool = True

    device: str | None = None
    """``cuda`` or ``cpu``."""
    precision: Precision = "auto"
    gradient_checkpointing: bool | None = None
    threads: int | None = None
    """Of the CPU; the same number gives the same weights."""
    workspace: str = ""
    """The folder that micrographs are read from; by default the one the run lies in."""
    name: str = ""
    """What the adapter is called."""

    def __post_init__(self) -> None:
        _check(self)

    @property
    def of_builtin(self) -> bool:
        return self.backbone == BUILTIN

    def adapter(self) -> AdapterSettings:
        """Kind and size of the adapter.

        Raises
        ------
        BadSetting
            If they contradict each other.
        """
        return AdapterSettings(
            kind=self.method,
            rank=self.rank,
            rank_min=self.rank_min,
            experts=self.experts,
            top_k=self.top_k,
            dropout=self.dropout,
            balance=self.balance,
            z_loss=self.z_loss,
            seed=self.seed,
        )

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``config.json``."""
        return asdict(self)


_QUICK = {"epochs": 3, "batch": 16, "learning_rate": 2e-4, "patience": 2, "few_shot": 0.15}
_QUICK_BUILTIN = {"epochs": 20, "batch": 16, "learning_rate": 3e-3, "patience": 5}
_PAPER = {
    "epochs": 50,
    "batch": 32,
    "learning_rate": 1e-3,
    "schedule": "plateau",
    "plateau_epochs": 5,
    "patience": 10,
    "warmup_steps": 0,
}
_CAREFUL = {
    "epochs": 28,
    "batch": 32,
    "learning_rate": 1e-5,
    "schedule": "cosine",
    "patience": None,
    "warmup_steps": 20,
}


def preset_values(preset: Preset, backbone: str = BUILTIN) -> dict[str, Any]:
    """What a preset sets.

    ``quick``: an evening at most, less for the built-in model. ``paper``: sLAVA's own, Adam at
    1e-3, halved after 5 epochs that brought nothing, batches of 32. ``careful``: GlassLLaVA's,
    1e-5 falling as a cosine over 28 epochs, for large backbones.
    """
    if preset not in PRESETS:
        raise BadSetting(f"preset {preset!r} is none of {', '.join(PRESETS)}.")
    if preset == "quick":
        return dict(_QUICK_BUILTIN if backbone == BUILTIN else _QUICK)
    return dict(_PAPER if preset == "paper" else _CAREFUL)


def make_config(backbone: str = BUILTIN, preset: Preset = "quick", **changed: Any) -> TrainConfig:
    """The config of a preset with what was changed of it.

    Raises
    ------
    BadSetting
        If a name is unknown or a value out of its range.
    """
    known = {f.name for f in fields(TrainConfig)}
    if unknown := sorted(set(changed) - known):
        raise BadSetting(f"the setting {unknown[0]!r} is none of {', '.join(sorted(known))}.")
    told = {**preset_values(preset, backbone), **changed}
    return TrainConfig(backbone=backbone, preset=preset, **told)


def config_from(record: Mapping[str, Any]) -> TrainConfig:
    """The config of a ``config.json``: its preset first, then everything else it says.

    Raises
    ------
    BadSetting
        As :func:`make_config`; what a newer sLAVA has written is refused by name.
    """
    told = dict(record)
    backbone, preset = told.pop("backbone", BUILTIN), told.pop("preset", "quick")
    if not isinstance(backbone, str):
        raise BadSetting(f"backbone {backbone!r} is no text.")
    try:
        return make_config(backbone, preset, **told)
    except TypeError as error:
        raise BadSetting(f"config.json: {error}. Start the run again.") from error


def smaller(config: TrainConfig, micro_batch: int) -> TrainConfig:
    """The same run, computed in smaller pieces: more accumulation, the same batch."""
    return replace(config, micro_batch=micro_batch)


def _check(c: TrainConfig) -> None:
    for name, choices in (
        ("quantization", get_args(Quantization)),
        ("method", KINDS),
        ("preset", PRESETS),
        ("schedule", get_args(Schedule)),
        ("precision", get_args(Precision)),
        ("context", get_args(ContextLevel)),
    ):
        if getattr(c, name) not in choices:
            raise BadSetting(f"{name} {getattr(c, name)!r} is none of {', '.join(choices)}.")
    for name, low, high in (
        ("epochs", 1, 10_000),
        ("max_steps", 1, 10_000_000),
        ("batch", 1, 4096),
        ("micro_batch", 1, 4096),
        ("learning_rate", 1e-9, 1.0),
        ("plateau_epochs", 1, 1000),
        ("patience", 1, 10_000),
        ("warmup_steps", 0, 1_000_000),
        ("weight_decay", 0, 1),
        ("clip", 1e-6, 1e6),
        ("rank_tolerance", 0, 1),
        ("matching", 0, 10),
        ("few_shot", 0, 1),
        ("image_tokens", 1, 1_000_000),
        ("longest_answer", 4, 100_000),
        ("checkpoint_steps", 1, 10_000_000),
        ("samples", 0, 100),
        ("evaluate_most", 0, 1_000_000),
        ("evaluate_answers", 0, 1_000_000),
        ("threads", 1, 1024),
    ):
        value = getattr(c, name)
        if value is None and name in _MAY_BE_NONE:
            continue
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise BadSetting(f"{name} {value!r}: choose {low} to {high}.")
    if not c.backbone:
        raise BadSetting("backbone is empty: choose builtin, a folder or OWNER/NAME.")
    c.adapter()


_MAY_BE_NONE = frozenset(
    {"max_steps", "micro_batch", "patience", "image_tokens", "checkpoint_steps", "threads"}
)
