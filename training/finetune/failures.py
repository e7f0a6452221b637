"""What went wrong in a run, in one sentence, with the way out and how much is missing."""

from __future__ import annotations

import errno
import shutil
import traceback
from dataclasses import dataclass

from slava.handoff.run_folder import RunFolder
from training.finetune.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Failure:
    """As it is told."""

    reason: str
    way_out: str = ""
    details: str = ""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether there was too little memory, on whichever device."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate" in text)


def explain(error: Exception, folder: RunFolder, config: TrainConfig | None) -> Failure:
    """The failure of an error that nobody expected, or that no retry has mended."""
    details = "".join(traceback.format_exception(error))[-8000:]
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(*_disk_full(folder), details)
    if is_out_of_memory(error):
        return Failure(*_out_of_memory(config), details)
    if type(error).__name__ == "NotFinite":
        return Failure(
            f"The training diverged: {error}, also at half the learning rate.",
            "Start a run with a tenth of the learning rate, and look whether answers in the "
            "snapshot are unusually long or empty.",
            details,
        )
    first = (str(error).strip().splitlines() or [""])[0][:300]
    return Failure(
        f"The training broke off ({type(error).__name__}: {first}).",
        "Resume it from its last checkpoint; if it breaks off again, see log.txt.",
        details,
    )


def _disk_full(folder: RunFolder) -> tuple[str, str]:
    free = shutil.disk_usage(folder.root).free
    held = folder.list_checkpoints()
    one = max((_size(path) for _, path in held), default=64 << 20)
    kept = f" The checkpoint of step {held[-1][0]} is intact." if held else ""
    return (
        f"The disk is full: {_mb(free)} are free, a checkpoint takes {_mb(one)}.{kept}",
        f"Free at least {_mb(4 * one)} where the workspace lies, then resume the run.",
    )


def _out_of_memory(config: TrainConfig | None) -> tuple[str, str]:
    ways = []
    if config is None or config.quantization != "nf4":
        ways.append("load the base in nf4")
    if config is None or (config.image_tokens or 10**9) > 256:
        ways.append("lower the image tokens to 256")
    if config is None or config.micro_batch != 1:
        ways.append("set micro_batch to 1")
    if config is None or config.gradient_checkpointing is not True:
        ways.append("switch gradient_checkpointing on")
    ways.append("lower longest_answer")
    told = ", or ".join(ways)
    return (
        "There was too little memory, also with smaller micro-batches.",
        f"{told[:1].upper()}{told[1:]}; then start the run again.",
    )


def _size(path: object) -> int:
    from pathlib import Path

    return sum(f.stat().st_size for f in Path(str(path)).rglob("*") if f.is_file())


def _mb(count: int) -> str:
    return f"{count / 1e6:.0f} MB"
