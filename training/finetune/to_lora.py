"""``python -m training.finetune.to_lora ADAPTER TARGET [--run RUN_DIR] [--steps N] [--anyway]``

A published DyA-MoQPE adapter as plain LoRA, in a process of its own. With gates by request it is
one exact LoRA per class. With gates by token it is distilled on the training part of its run and
judged on the parts that neither training nor distilling has learnt from; one that too often says
something else is not written unless ``--anyway``.

Prints JSON lines (:mod:`training.to_lora` reads them); the exit code is 0 when it was written, 1
when it failed, 4 when it was refused.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from slava.adapters.distil import Distilled, distil
from slava.adapters.export import LEAST_AGREEMENT, export_distilled, export_saved_classes
from slava.errors import BadInput, SlavaError
from slava.handoff.run_folder import RunFolder, writing_folder
from training.finetune.batches import pieces
from training.finetune.config import TrainConfig, config_from
from training.finetune.device import Device
from training.finetune.examples import Drawn, Examples, both, generator, make_examples
from training.finetune.learner import Learner, learn
from training.finetune.pictures import Pictures
from training.finetune.publish import CARD
from training.finetune.run import snapshot_of, workspace_of
from training.finetune.session import make_learner

WRITTEN, FAILED, REFUSED = 0, 1, 4
STEPS = 200
MOST_ANSWERS = 384
"""Learnt from, and as many to judge by: more make it slower and little better."""
ROWS = 8
"""Answers at once for the built-in model; others take one at a time."""
BESIDE = ("taught.json", "taught.safetensors")
"""What the built-in model needs beside any adapter of its own."""


def main(words: Sequence[str] | None = None) -> int:
    """Convert what is asked for; the exit code."""
    asked = _parser().parse_args(words)
    try:
        return convert(asked.adapter, asked.target, asked.run, asked.steps, asked.anyway)
    except (SlavaError, OSError, ValueError) as error:
        _tell(failed=str(error))
        return FAILED


def convert(source: Path, target: Path, run: Path | None, steps: int, anyway: bool) -> int:
    """Write ``target`` or refuse; the exit code."""
    told = json.loads((source / "adapter_config.json").read_text(encoding="utf-8"))
    if told.get("gating") == "request":
        with writing_folder(target) as folder:
            written = export_saved_classes(source, folder)
        _tell(how="classes", classes=list(written), rank=told["r"])
        return WRITTEN
    if run is None:
        raise BadInput(
            "the adapter was brought from elsewhere: there are no pairs here to distil it on. "
            "Export it as it is, or train one here."
        )
    learner, made = distilled(RunFolder(run), source, steps)
    _tell(how="distilled", agreement=made.agreement, tokens=made.tokens, rank=made.rank)
    if made.agreement < LEAST_AGREEMENT and not anyway:
        return REFUSED
    with writing_folder(target) as folder:
        export_distilled(learner.model, made, folder, anyway=anyway)
        for name in BESIDE:
            if (source / name).is_file():
                shutil.copyfile(source / name, folder / name)
        card = (source / CARD).read_text(encoding="utf-8") if (source / CARD).is_file() else ""
        (folder / CARD).write_text(f"{card.rstrip()}\n\n{_said(made)}", encoding="utf-8")
    return WRITTEN


def distilled(folder: RunFolder, source: Path, steps: int = STEPS) -> tuple[Learner, Distilled]:
    """The base of a run with the adapter of ``source``, and the plain LoRA made of that.

    Raises
    ------
    BadInput
        If its snapshot leaves nothing to judge by.
    """
    _tell(note="loading the model")
    config = config_from(folder.read_config())
    content = snapshot_of(folder, config)
    examples = make_examples(content, classification=config.classification)
    device = Device(config)
    pictures = Pictures(content.micrographs, workspace_of(folder, config), config.context)
    learner = make_learner(config, examples, pictures, device)
    learner.take_up(source)
    learn(learner.model, False)
    learnt = Passes(learner, _drawn(examples, ("train",), config), config)
    judged = Passes(learner, _drawn(examples, ("test", "validation"), config), config)
    if not len(judged):
        raise BadInput(
            "the snapshot has neither a test nor a validation part, so that nobody could say how "
            "well a plain LoRA stands in. Freeze more pairs and train again."
        )

    def forward(prepared: Any) -> Any:
        with device.precision():
            return learner.said(prepared)

    _tell(note="fitting", done=0, total=steps)
    made = distil(
        learner.model, learnt, judged, steps=steps, forward=forward,
        on_step=lambda step: _tell(note="distilling", done=step, total=steps),
    )  # fmt: skip
    return learner, made


class Passes(Sequence[Any]):
    """Answers as micro-batches; each is prepared when it is asked for."""

    def __init__(self, learner: Learner, drawn: Sequence[Drawn], config: TrainConfig) -> None:
        self._learner = learner
        rows = ROWS if config.of_builtin else 1
        self._cut = [[drawn[k] for k in piece] for piece in pieces(range(len(drawn)), rows)]

    def __len__(self) -> int:
        return len(self._cut)

    def __getitem__(self, place: Any) -> Any:
        return self._learner.prepare(self._cut[place])

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))


def _drawn(examples: Examples, parts: Sequence[Any], config: TrainConfig) -> list[Drawn]:
    """Concise and detailed answers of some parts, drawn by the config's seed, like lengths
    together."""
    listed = [d for part in parts for example in examples.part(part) for d in both(example)]
    if len(listed) > MOST_ANSWERS:
        listed = generator(config.seed, 0, "to lora").sample(listed, MOST_ANSWERS)
    return sorted(listed, key=lambda d: len(d.answer))


def _said(made: Distilled) -> str:
    return (
        "## As plain LoRA\n\n"
        f"These files hold one plain LoRA of rank {made.rank} in place of the experts, made by\n"
        "distilling them; the figures above are of the adapter with its experts. The plain one\n"
        f"finds the same next token likeliest for {made.agreement:.2%} of {made.tokens:,} tokens\n"
        "of answers that it was not distilled on.\n"
    )


def _tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.finetune.to_lora")
    parser.add_argument("adapter", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--anyway", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
