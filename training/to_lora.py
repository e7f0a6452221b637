"""An adapter as plain LoRA, from outside: start the process that makes it, and hear it. No torch.

It must not know rows, windows or commands.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from slava.errors import ModelError
from slava.handoff.files import UNFINISHED_PREFIX
from training.launch import ROOT

REFUSED = 4
MODULE = "training.finetune.to_lora"
Tell = Callable[[str, int, int], None]
"""What is at hand, steps made, of how many (0 while that is not known). May raise, to end it."""


@dataclass(frozen=True, slots=True)
class PlainLora:
    """What came of it."""

    how: Literal["", "classes", "distilled"] = ""
    """``classes``: one folder per class, each exact. ``distilled``: near to the adapter."""
    written: bool = True
    agreement: float | None = None
    """Share 0..1 of held-out tokens for which both find the same next token likeliest."""
    tokens: int = 0
    """How many held-out tokens that share is of."""
    rank: int = 0


def make_plain_lora(
    adapter: Path,
    target: Path,
    *,
    run: Path | None = None,
    steps: int | None = None,
    anyway: bool = False,
    on_progress: Tell = lambda *_: None,
) -> PlainLora:
    """Write the DyA-MoQPE ``adapter`` as plain LoRA into ``target``, which is new or empty.

    Parameters
    ----------
    run
        The folder of the run that made it, whose pairs it is distilled on.
    steps
        Of distilling; by default 200.
    anyway
        Write it also where it too often says something else than the adapter. Otherwise such a
        one is not ``written``.

    Raises
    ------
    ModelError
        If it cannot be made.
    """
    command = [sys.executable, "-m", MODULE, str(adapter), str(target)]
    command += ["--run", str(run)] if run is not None else []
    command += ["--steps", str(steps)] if steps is not None else []
    command += ["--anyway"] if anyway else []
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=printed,
            text=True, encoding="utf-8",
        )  # fmt: skip
        try:
            found, failure = _heard(process, on_progress)
            code = process.wait()
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
            for left in target.parent.glob(f"{UNFINISHED_PREFIX}{target.name}-*"):
                shutil.rmtree(left, ignore_errors=True)
        if code not in (0, REFUSED):
            raise ModelError(failure or f"it ended without a word. {_last_words(printed)}".strip())
    return replace(found, written=code == 0)


def _heard(process: subprocess.Popen[str], on_progress: Tell) -> tuple[PlainLora, str]:
    """What it found, or why it failed."""
    found, failure = PlainLora(), ""
    for line in process.stdout or ():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # a library printed something
        if not isinstance(told, dict):
            continue
        if "failed" in told:
            failure = str(told["failed"])
        elif "how" in told:
            found = PlainLora(
                told["how"], True, told.get("agreement"), told.get("tokens", 0), told["rank"]
            )
        elif "note" in told:
            on_progress(str(told["note"]), told.get("done", 0), told.get("total", 0))
    return found, failure


def _last_words(printed: IO[bytes]) -> str:
    printed.seek(0)
    lines = printed.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
