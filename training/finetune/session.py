"""Learner and loop of one run together: retries, and what is done when the steps are over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slava.adapters import choose_rank, evaluate_ranks
from slava.adapters.factory import count_trainable
from slava.handoff.events import DoneEvent, Event, StateEvent, WarningEvent
from slava.handoff.run_folder import RunFolder
from slava.handoff.snapshot import SnapshotContent
from training.finetune.card import card
from training.finetune.config import TrainConfig
from training.finetune.device import Device, halved
from training.finetune.evaluate import Evaluation, evaluate
from training.finetune.examples import Examples
from training.finetune.failures import is_out_of_memory
from training.finetune.learner import Learner
from training.finetune.loop import Ending, Loop, NotFinite
from training.finetune.pictures import Pictures
from training.finetune.publish import publish


@dataclass(slots=True)
class Session:
    """One run while it is alive."""

    folder: RunFolder
    tell: Callable[[Event], object]
    wished: Callable[[], Ending | None]
    config: TrainConfig
    content: SnapshotContent
    examples: Examples
    device: Device = field(init=False)
    learner: Learner = field(init=False)
    loop: Loop = field(init=False)

    def __post_init__(self) -> None:
        self.device = Device(self.config)
        workspace = self.config.workspace or self.folder.root.resolve().parent.parent
        pictures = Pictures(self.content.micrographs, Path(workspace), self.config.context)
        self.learner = make_learner(self.config, self.examples, pictures, self.device)
        self.loop = self._new_loop()

    def _new_loop(self, **changed: Any) -> Loop:
        return Loop(
            self.config, self.learner, self.examples, self.folder, self.tell, self.wished,
            self.device, **changed,
        )  # fmt: skip

    def train(self) -> Ending:
        """All steps; one retry where memory was short, one where a loss was no number."""
        if self.loop.resume():
            self.tell(WarningEvent(f"Resumed from step {self.loop.step}."))
        self.tell(StateEvent("running"))
        try:
            return self._steps(retried=False)
        finally:
            if self.wished() == "interrupted":
                self.loop.checkpoint()

    def _steps(self, retried: bool) -> Ending:
        try:
            return self.loop.run()
        except NotFinite as error:
            if self.loop.retries:
                raise
            self._go_back()
            self.loop.retries, self.loop.pace.factor = 1, self.loop.pace.factor / 2
            self.tell(
                WarningEvent(
                    f"{str(error)[:1].upper()}{str(error)[1:]}: gone back to step "
                    f"{self.loop.step}, at half the learning rate."
                )
            )
        except (MemoryError, RuntimeError) as error:
            smaller = halved(self.loop.micro_batch)
            if retried or smaller == self.loop.micro_batch or not is_out_of_memory(error):
                raise
            self.loop.optimizer.zero_grad(set_to_none=True)
            self.loop.micro_batch = smaller
            self.device.empty()
            self.tell(
                WarningEvent(
                    f"Too little memory at step {self.loop.step + 1}: it goes on with {smaller} "
                    f"examples at once; batches stay {self.config.batch}."
                )
            )
            retried = True
        return self._steps(retried)

    def _go_back(self) -> None:
        """To the last checkpoint; the one of step 0 is always there."""
        if not self.loop.resume():
            raise NotFinite("there is no checkpoint to go back to")

    # ------------------------------------------------------------------------------ the end
    def finish(self) -> DoneEvent:
        """Take the best weights, choose the rank, evaluate, and write the adapter."""
        if self.loop.step and self.loop.step % self.loop.course.per_epoch:
            self.loop.validate()
            self.loop.checkpoint()
        step = self.loop.take_best()
        losses = self._rank_losses()
        rank = None
        if losses:
            rank = choose_rank(losses, min(losses.values()) * self.config.rank_tolerance)
        found = self._evaluate(rank)
        metrics = {**found.metrics, **{f"val_loss_rank_{r}": v for r, v in losses.items()}}
        told = self._told(step, rank)
        record = {
            "metrics": metrics,
            "told": told,
            "snapshot": self.content.manifest.id,
            "config": self.config.to_json(),
            "answers": found.answers,
        }
        publish(
            self.folder,
            self.learner.model,
            rank=rank,
            base=self.config.backbone,
            metrics=record,
            text=card(self.config, self.content.manifest, metrics, told),
            extras=self.learner.write_extras,
        )
        return DoneEvent(
            self.folder.adapter.name, metrics, round(self.loop.seconds, 1), self.device.peak_bytes()
        )

    def _rank_losses(self) -> dict[int, float]:
        if not self.examples.part("validation"):
            return {}
        return evaluate_ranks(self.learner.model, self.loop.held_out_loss)

    def _evaluate(self, rank: int | None) -> Evaluation:
        if not self.config.evaluate or not self.examples.part("test"):
            return Evaluation()
        return evaluate(
            self.learner,
            self.examples,
            self.config,
            rank,
            lambda: self.wished() != "cancelled",
        )

    def _told(self, step: int, rank: int | None) -> dict[str, Any]:
        shown = self.content.micrographs.values()
        return {
            "trainable": count_trainable(self.learner.model),
            "base_parameters": self.learner.parameters(),
            "rank": rank or self.config.rank,
            "step": step,
            "licence": self.learner.licence,
            "licences": dict(Counter(m.licence or "not said" for m in shown)),
            "confidential": sum(m.confidential for m in shown),
        }


def make_learner(
    config: TrainConfig, examples: Examples, pictures: Pictures, device: Device
) -> Learner:
    """The learner of the config's backbone."""
    if config.of_builtin:
        from training.finetune.builtin import BuiltinLearner

        return BuiltinLearner(config, examples, pictures)
    from training.finetune.chat import ChatLearner

    return ChatLearner(config, examples, pictures, device.name)
