"""Train an encoder on pictures in memory and write its folder.

It runs where it is called; the caller gives a callback and a stop event. It must not know where
pictures come from. What is random has its own generators: the caller's are left alone.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from slava.errors import BadInput, Cancelled, ModelError
from slava.retrieval.collapse import check_spread
from slava.retrieval.encoder_folder import WEIGHTS, EncoderRecord, write_record
from slava.retrieval.network import EncoderNet, NetworkConfig
from slava.retrieval.parts import held_out_rows
from slava.retrieval.trained_encoder import TrainedEncoder, encode_batch, half_precision, resized
from slava.retrieval.view import squares
from training.encoder.augment import CONTRASTIVE, SUPERVISED, varied
from training.encoder.config import EncoderConfig, EncoderProgress, Report
from training.encoder.losses import class_logits, nt_xent, supervised_contrast

HEAD_SCALE = 16.0
ROOM = 1.25
"""Pictures are kept larger than they are shown by this, so that nearer views stay sharp."""
_EVALUATIONS = 12
_LEAST = 8


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """What is learnt from: thumbnails with their ids, labels and groups, row by row."""

    small: Sequence[NDArray[np.uint8]]
    ids: Sequence[str]
    labels: Sequence[str]
    """All empty for an unsupervised training."""
    groups: Sequence[str]


def train_encoder(
    given: TrainingSet,
    output: Path,
    config: EncoderConfig,
    report: Report | None = None,
    stop: threading.Event | None = None,
) -> TrainedEncoder:
    """Train, write the folder ``output``, and open what was written.

    Raises
    ------
    BadInput
        If there are too few micrographs, or fewer than two classes.
    ModelError
        If the vectors collapse, or the loss is no number.
    Cancelled
        If ``stop`` was set; nothing is written.
    """
    _check(given, config)
    labels = tuple(sorted(set(given.labels))) if config.task == "supervised" else ()
    held = held_out_rows(given.labels, given.groups, config.held_out, config.seed)
    run = _Run(given, labels, held, config)
    run.fit(report, stop)
    output.mkdir(parents=True, exist_ok=True)
    run.write(output)
    return TrainedEncoder.load(output)


def _check(given: TrainingSet, config: EncoderConfig) -> None:
    if len(given.small) < _LEAST:
        raise BadInput(
            f"{len(given.small)} micrographs are too few to train an encoder; "
            f"at least {_LEAST} are needed."
        )
    if config.task == "supervised":
        held = sorted(set(given.labels))
        if "" in held:
            raise BadInput("a micrograph without a label cannot be learnt from with labels.")
        if len(held) < 2:
            raise BadInput(
                f"all micrographs are {held[0]!r}; an encoder learns from at least two classes."
            )


class _Run:
    """One training: its data, network, head, and the average of its weights."""

    def __init__(
        self,
        given: TrainingSet,
        labels: tuple[str, ...],
        held: NDArray[np.int64],
        config: EncoderConfig,
    ) -> None:
        self.config, self.labels, self.given, self.held = config, labels, given, held
        place = {label: k for k, label in enumerate(labels)}
        self.truth = np.array([place.get(label, 0) for label in given.labels], dtype=np.int64)
        learnt = np.setdiff1d(np.arange(len(given.small)), held)
        self.pictures, rows = prepared_squares(given.small, learnt, round(config.size_px * ROOM))
        self.rows = torch.from_numpy(self.truth[rows])
        self.rng = torch.Generator().manual_seed(config.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            shape = NetworkConfig(config.architecture, config.size_px, dimension=config.dimension)
            self.network = EncoderNet(shape).to(memory_format=torch.channels_last)
            self.head = nn.Parameter(torch.randn(max(1, len(labels)), config.dimension))
            self.project = nn.Sequential(
                nn.Linear(config.dimension, config.dimension), nn.ReLU(),
                nn.Linear(config.dimension, 64),
            )  # fmt: skip
        views = 1 if labels else 2
        shown = min(config.samples, config.most_epochs * views * len(rows))
        self.steps = max(1, math.ceil(shown / (config.batch * views)))
        keep = min(0.995, 1 - 8 / self.steps) if self.steps > 16 else 0.5
        self.average = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(keep),
            use_buffers=True,
        )
        self.averaged: EncoderNet = self.average.module  # type: ignore[assignment]
        self.average_head, self.keep = self.head.detach().clone(), keep
        self.figures: dict[str, float] = {}

    # ------------------------------------------------------------------------------ training
    def fit(self, report: Report | None, stop: threading.Event | None) -> None:
        """Run all steps, or fewer where the validation loss has long been at its best."""
        config = self.config
        parts = [self.network, self.project]
        parameters = [p for part in parts for p in part.parameters()] + [self.head]
        optimizer = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=0.01)
        began, shown, rate = time.monotonic(), 0.0, config.learning_rate
        best, waited = math.inf, 0
        epoch = math.ceil(len(self.pictures) / config.batch)
        every = epoch if config.schedule == "plateau" else max(1, self.steps // _EVALUATIONS)
        for step in range(self.steps):
            if stop is not None and stop.is_set():
                raise Cancelled("the training of the encoder was stopped.")
            for group in optimizer.param_groups:
                group["lr"] = rate * (
                    learning_rate_at(step, self.steps) if config.schedule == "cycle" else 1.0
                )
            self.network.train()
            loss = self._loss()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            self._average()
            value = loss.item()
            if not math.isfinite(value):
                raise ModelError("the training's loss is no number. Lower the learning rate.")
            shown += (value - shown) * max(0.05, 1 / (step + 1))
            if step % every == every - 1 or step + 1 == self.steps:
                right, held_loss = self._validate()
                self.figures = {"validation": right, "loss": shown, "steps": step + 1}
                if report:
                    seconds = time.monotonic() - began
                    told = right if len(self.held) and self.labels else None
                    report(EncoderProgress(step + 1, self.steps, shown, seconds, told))
                better = held_loss < best - 1e-4
                best, waited = (held_loss, 0) if better else (best, waited + 1)
                if config.schedule == "plateau" and waited:
                    if waited >= 2 * config.patience:
                        break
                    rate = rate / 2 if waited == config.patience else rate
        self.figures["seconds"] = round(time.monotonic() - began, 1)

    def _loss(self) -> Tensor:
        config = self.config
        picked = torch.randint(0, len(self.pictures), (config.batch,), generator=self.rng)
        pictures = self.pictures[picked].float()
        if self.labels:
            views = varied(pictures, config.size_px, SUPERVISED, self.rng)
            with half_precision():
                vectors = self.network(views)
            vectors, truth = F.normalize(vectors.float(), dim=1), self.rows[picked]
            logits = class_logits(vectors, self.head, HEAD_SCALE)
            told = F.cross_entropy(logits, truth, label_smoothing=config.smoothing)
            contrast = supervised_contrast(vectors, truth, config.temperature)
            return told + config.contrast * contrast
        both = pictures.repeat(2, 1, 1, 1)
        views = varied(both, config.size_px, CONTRASTIVE, self.rng)
        with half_precision():
            vectors = self.network(views)
        projected = F.normalize(self.project(vectors.float()), dim=1)
        one, other = projected.chunk(2)
        return nt_xent(one, other, config.temperature)

    @torch.no_grad()
    def _average(self) -> None:
        self.average.update_parameters(self.network)
        self.average_head.lerp_(self.head, 1 - self.keep)

    # ---------------------------------------------------------------------------- validation
    def _validate(self) -> tuple[float, float]:
        """Share of the held-out part that the averaged head gets right, and its loss."""
        if not len(self.held) or not self.labels:
            return math.nan, math.inf
        vectors = torch.from_numpy(self._vectors(self.held))
        logits = class_logits(vectors, self.average_head, HEAD_SCALE)
        truth = torch.from_numpy(self.truth[self.held])
        right = float((logits.argmax(1) == truth).float().mean())
        return right, float(F.cross_entropy(logits, truth))

    def _vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        network = self.averaged.eval()
        small = [self.given.small[row] for row in rows]
        made = [encode_batch(network, small[k : k + 32]) for k in range(0, len(small), 32)]
        return np.concatenate(made)

    # -------------------------------------------------------------------------------- result
    def write(self, folder: Path) -> None:
        """Write weights and record, after looking whether the vectors differ at all.

        Raises
        ------
        ModelError
            If they have collapsed.
        """
        from safetensors.torch import save_file

        some = np.linspace(0, len(self.given.small) - 1, min(96, len(self.given.small)))
        check_spread(self._vectors(some.astype(np.int64)))
        kept = {k: v.contiguous().clone() for k, v in self.averaged.state_dict().items()}
        if self.labels:
            kept["head"] = F.normalize(self.average_head, dim=1).contiguous()
        save_file(kept, folder / WEIGHTS)
        network = {
            k: list(v) if isinstance(v, tuple) else v
            for k, v in asdict(self.network.config).items()
        }
        told = {**asdict(self.config), "micrographs": len(self.given.small), **self.figures}
        held = tuple(self.given.ids[row] for row in self.held)
        record = EncoderRecord(self.config.task, network, self.labels, HEAD_SCALE, held, told)
        write_record(folder, record)


def prepared_squares(
    small: Sequence[NDArray[np.uint8]], rows: NDArray[np.int64], side_px: int
) -> tuple[Tensor, NDArray[np.int64]]:
    """All squares of ``rows``, (N, 1, side, side) in half precision, and the row of each."""
    seen = [(row, square) for row in rows for square in squares(small[row])]
    pictures = np.stack([resized(square, side_px).astype(np.float16) for _, square in seen])
    return torch.from_numpy(pictures)[:, None], np.array([row for row, _ in seen])


def learning_rate_at(step: int, steps: int) -> float:
    """Rise over a tenth, then fall as a cosine to a hundredth."""
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))
