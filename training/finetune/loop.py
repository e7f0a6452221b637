"""The steps of a run: draw, accumulate, step, validate, checkpoint; stop where it is wished.

It must not know which backbone learns, nor how a failure is told.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from slava.adapters import balance_loss, expert_use, rank_for_step, set_rank
from slava.adapters.identity import remembered_base, require_unchanged_base
from slava.handoff.events import CheckpointEvent, Event, SampleEvent, StepEvent, ValidationEvent
from slava.handoff.run_folder import RunFolder
from training.finetune.batches import Course, pieces
from training.finetune.config import TrainConfig
from training.finetune.device import Device
from training.finetune.examples import Drawn, Example, Examples, both, draw, plain
from training.finetune.learner import Learner, Prepared, learn
from training.finetune.sample import NEW_TOKENS, answer_of
from training.finetune.schedule import Pace
from training.finetune.state import (
    load_checkpoint,
    load_weights,
    read_place,
    save_checkpoint,
    tidy,
    trained,
)

Ending = Literal["done", "stopped", "cancelled", "interrupted"]
SAMPLINGS = 8
"""About so often in a run are the samples answered."""


class NotFinite(Exception):
    """A loss or gradient that is no number."""


@dataclass(slots=True)
class Loop:
    """One run from its last checkpoint, or its beginning, to its end."""

    config: TrainConfig
    learner: Learner
    examples: Examples
    folder: RunFolder
    tell: Callable[[Event], object]
    wished: Callable[[], Ending | None]
    """Asked between micro-batches."""
    device: Device
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    retries: int = 0
    """How often a loss was no number."""
    micro_batch: int = 0
    parameters: dict[str, nn.Parameter] = field(init=False)
    optimizer: torch.optim.Optimizer = field(init=False)
    course: Course = field(init=False)
    pace: Pace = field(init=False)
    steps: int = field(init=False)

    def __post_init__(self) -> None:
        c = self.config
        learnt = self.examples.part("train")
        lengths = tuple(self.learner.length(example) for example in learnt)
        self.course = Course(lengths, c.batch, c.seed)
        steps = c.epochs * self.course.per_epoch
        self.steps = min(steps, c.max_steps) if c.max_steps else steps
        self.micro_batch = self.micro_batch or c.micro_batch or self.device.micro_batch(c)
        self.parameters = trained(self.learner.model)
        paces: dict[float, list[nn.Parameter]] = {}
        for name, parameter in self.parameters.items():
            paces.setdefault(self.learner.pace_of(name), []).append(parameter)
        groups = [{"params": listed, "pace": pace} for pace, listed in paces.items()]
        self.optimizer = torch.optim.AdamW(groups, lr=c.learning_rate, weight_decay=c.weight_decay)
        self.pace = Pace(
            c.learning_rate, c.schedule, self.steps, c.warmup_steps, c.plateau_epochs, c.patience
        )

    # ---------------------------------------------------------------------------- the run
    def resume(self) -> bool:
        """Go back to the last whole checkpoint; whether there was one.

        Raises
        ------
        ModelUnusable
            If the base is not the one that the run began on.
        """
        listed = self.folder.list_checkpoints()
        if not listed:
            return False
        begun_on = read_place(listed[-1][1]).get("base", "")
        require_unchanged_base(self.learner.model, begun_on, self.config.backbone)
        place = load_checkpoint(listed[-1][1], self.parameters, self.optimizer)
        self.step, self.tokens = place["step"], place["tokens"]
        self.seconds, self.retries = place["seconds"], max(self.retries, place["retries"])
        self.micro_batch = min(self.micro_batch, place["micro_batch"])
        self.pace.restore(place["pace"])
        return True

    def run(self) -> Ending:
        """All steps that are left, or fewer where patience ends or somebody wishes so."""
        if self.step == 0 and not self.folder.list_checkpoints():
            self.checkpoint()
            self.answer_samples()
        while self.step < self.steps and not self.pace.exhausted:
            ending = self._step()
            if ending is not None:
                return ending
            self._after_step()
        return "done"

    def _step(self) -> Ending | None:
        began = time.monotonic()
        rows = self.device.share(self.course.rows(self.step))
        learnt = self.examples.part("train")
        c = self.config
        drawn = [draw(learnt[r], self.examples, c.seed, self.step, c.few_shot) for r in rows]
        parts = [self.learner.prepare([drawn[k] for k in piece])
                 for piece in pieces(range(len(drawn)), self.micro_batch)]  # fmt: skip
        tokens = self.device.total(sum(part.tokens for part in parts))
        total = self.device.total(len(rows))
        learn(self.learner.model, True)
        self.optimizer.zero_grad(set_to_none=True)
        loss, ranks = 0.0, []
        for place, part in enumerate(parts):
            if (ending := self.wished()) is not None:
                return ending
            micro = self.step * len(parts) + place
            ranks.append(self._set_rank(micro))
            loss += self._backward(part, tokens, part.rows / max(total, 1), micro)
        self.device.gather(self.parameters.values())
        loss = self.device.total(loss)
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), c.clip)
        if not math.isfinite(loss) or not bool(torch.isfinite(norm)):
            raise NotFinite(f"the loss of step {self.step + 1} is {loss}, its gradient {norm:g}")
        rate = self.pace.at(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["pace"]
        self.optimizer.step()
        self.step += 1
        self.tokens += tokens
        took = time.monotonic() - began
        self.seconds += took
        self._tell_step(loss, rate, tokens / max(took, 1e-9), ranks)
        return None

    def _set_rank(self, micro: int) -> int | None:
        if self.config.method != "dya_moqpe":
            return None
        rank = rank_for_step(self.config.seed, micro, self.config.rank_min, self.config.rank)
        set_rank(self.learner.model, rank)
        return rank

    def _backward(self, part: Prepared, tokens: int, share: float, micro: int) -> float:
        """The gradient of one micro-batch; its share of the answers' loss per token."""
        torch.manual_seed((self.config.seed * 1_000_003 + micro) % 2**63)
        with self.device.precision():
            found = self.learner.losses(part)
        answers = found.answers / max(tokens, 1)
        whole = answers + balance_loss(self.learner.model) * share
        if found.matching is not None:
            whole = whole + self.config.matching * share * found.matching
        whole.backward()
        return float(answers.detach())

    def _tell_step(
        self, loss: float, rate: float, speed: float, ranks: Sequence[int | None]
    ) -> None:
        used = expert_use(self.learner.model)
        loads = [use.load for use in used]
        load = (
            tuple(sum(column) / len(loads) for column in zip(*loads, strict=True)) if loads else ()
        )
        known = [rank for rank in ranks if rank is not None]
        self.tell(
            StepEvent(
                step=self.step,
                steps=self.steps,
                loss=loss,
                learning_rate=rate,
                tokens=self.tokens,
                tokens_per_s=round(speed, 1),
                rank=sum(known) / len(known) if known else None,
                expert_load=tuple(round(share, 4) for share in load),
                memory_bytes=self.device.peak_bytes(),
            )
        )

    def _after_step(self) -> None:
        end_of_epoch = self.step % self.course.per_epoch == 0 or self.step == self.steps
        every = self.config.checkpoint_steps
        if end_of_epoch:
            self.validate()
        if end_of_epoch or (every and self.step % every == 0):
            self.checkpoint()
            epoch = self.step // self.course.per_epoch
            apart = max(1, self.config.epochs // SAMPLINGS)
            if end_of_epoch and (epoch % apart == 0 or self.step == self.steps):
                self.answer_samples()

    # ------------------------------------------------------------------- validation, checkpoint
    def validate(self) -> None:
        """Take the loss of the validation part, and note whether it is the best."""
        if not self.examples.part("validation"):
            return
        began = time.monotonic()
        loss = self.held_out_loss()
        better = self.pace.judge(loss, self.step)
        self.seconds += time.monotonic() - began
        told = {"best": self.pace.best, "better": float(better)}
        self.tell(ValidationEvent(self.step, loss, told))

    @torch.no_grad()
    def held_out_loss(self) -> float:
        """Mean nats per answer token of the validation part, concise and detailed answers."""
        learn(self.learner.model, False)
        drawn: list[Drawn] = [d for e in self.examples.part("validation") for d in both(e)]
        drawn.sort(key=lambda d: len(d.answer))
        summed, tokens = 0.0, 0
        for piece in pieces(range(len(drawn)), self.micro_batch):
            part = self.learner.prepare([drawn[k] for k in piece])
            with self.device.precision():
                summed += float(self.learner.losses(part).answers)
            tokens += part.tokens
        return summed / max(tokens, 1)

    def checkpoint(self) -> None:
        """Write a checkpoint and remove those that are not needed any more."""
        if not self.device.first:
            return
        place: dict[str, Any] = {
            "tokens": self.tokens,
            "seconds": self.seconds,
            "retries": self.retries,
            "micro_batch": self.micro_batch,
            "base": remembered_base(self.learner.model),
            "pace": {k: _json(v) for k, v in self.pace.state().items()},
        }
        path = save_checkpoint(self.folder, self.step, self.parameters, self.optimizer, place)
        self.tell(CheckpointEvent(self.step, f"{path.parent.name}/{path.name}"))
        tidy(self.folder, self.pace.best_step)

    def take_best(self) -> int:
        """Put the weights of the best validation back; the step they are of."""
        best = self.pace.best_step
        path = self.folder.checkpoints / str(best)
        if best and best != self.step and path.is_dir():
            load_weights(path, self.parameters)
            return best
        return self.step

    def answer_samples(self) -> None:
        """Answer fixed questions of the validation part."""
        if not self.device.first:
            return
        learn(self.learner.model, False)
        set_rank(self.learner.model, None)
        asked = [plain(example) for example in sampled(self.examples, self.config.samples)]
        most = min(NEW_TOKENS, self.config.longest_answer)
        if self.step == 0:  # what the base says before
            with self.learner.base() as base:
                said = [answer_of(self.learner, base, drawn, most) for drawn in asked]
        else:
            backbone = self.learner.backbone()
            said = [answer_of(self.learner, backbone, drawn, most) for drawn in asked]
        for drawn, answer in zip(asked, said, strict=True):
            place = drawn.example.micrograph_ids[-1]
            self.tell(SampleEvent(self.step, place, drawn.question, answer, drawn.answer))


def sampled(examples: Examples, count: int) -> list[Example]:
    """Fixed questions: as many kinds and categories as there are, in turn."""
    listed = examples.part("validation") or examples.part("train")
    groups: dict[tuple[str, str], list[Example]] = {}
    for example in listed:
        groups.setdefault((example.kind, example.category), []).append(example)
    turns = [group[0] for _, group in sorted(groups.items())]
    apart = max(1, len(turns) // max(count, 1))
    return turns[::apart][:count]


def _json(value: Any) -> Any:
    """Infinity, which JSON has no word for, as text that ``float`` reads."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
