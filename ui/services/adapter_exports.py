"""Adapters to take elsewhere: copied as they are, or as plain LoRA, which is made in a process.

It must not know how any of this is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from slava.domain import Adapter, AdapterId
from slava.errors import BadSetting, ModelError
from store import Store
from training.to_lora import PlainLora, Tell, make_plain_lora
from ui.services.job import Job, Progress
from ui.services.models import Models
from ui.services.news import News

Form = Literal["peft", "lora"]
FORMS: tuple[Form, ...] = get_args(Form)
EXPORTS = "exports"
BUSY = "an adapter is being exported. Wait, or cancel it."
LENT = "an export of an adapter has the memory of the model. Wait for its end, or cancel it."
TRAINING = "a training is under way. Wait for its end, or pause it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Progress):
    """How far an export is, or what came of the last one."""

    adapter_id: AdapterId
    form: Form = "peft"
    folder: str = ""
    """Where its files are, or would be."""
    made: PlainLora | None = None
    """What became of a plain LoRA; ``None`` where the files were copied as they are."""


class AdapterExports:
    """Exports in the background; safe to use from any thread.

    ``busy`` says whether a run is at work.
    """

    def __init__(
        self, store: Store, news: News, models: Models | None, busy: Callable[[], bool]
    ) -> None:
        self._store, self._models, self._busy = store, models, busy
        self.job: Job[Given] = Job("adapter-export", news, BUSY)

    def begin(self, adapter_id: AdapterId, form: str, *, anyway: bool = False) -> None:
        """Write an adapter into a new folder of ``exports/``.

        Raises
        ------
        BadSetting
            If there is no such form.
        ModelError
            If an export is being made, or a training is under way that it would disturb.
        """
        adapter, chosen = self._store.adapters.get_adapter(adapter_id), form_of(form)
        if chosen == "lora" and adapter.method == "dya_moqpe" and self._busy():
            raise ModelError(TRAINING)
        target = free_folder(self._store.workspace / EXPORTS, f"{adapter.name}-{chosen}")
        record = Given(adapter_id=adapter.id, form=chosen, folder=str(target))
        self.job.begin(record, lambda: self._give(adapter, chosen, target, anyway))

    def _give(self, adapter: Adapter, form: Form, target: Path, anyway: bool) -> None:
        large = form == "lora" and adapter.method == "dya_moqpe" and adapter.backbone != "builtin"
        models = self._models if large else None
        if models is not None:
            models.lend(LENT)
        try:
            made = export(self._store, adapter, target, form, anyway=anyway, on_progress=self._tell)
        finally:
            if models is not None:
                models.give_back()
        self.job.change(made=made, note="")

    def _tell(self, note: str, done: int, total: int) -> None:
        self.job.check()
        self.job.change(note=note, done=done, total=total)


def export(
    store: Store,
    adapter: Adapter,
    target: Path,
    form: Form,
    *,
    steps: int | None = None,
    anyway: bool = False,
    on_progress: Tell = lambda *_: None,
) -> PlainLora | None:
    """Write ``adapter`` into ``target``, which is new or empty.

    LoRA and LoRA-FA are plain LoRA already: both forms copy them, and ``None`` is returned.

    Raises
    ------
    WorkspaceError
        If the disk refuses, or the adapter's files are not whole any more.
    ModelError
        If no plain LoRA can be made of it.
    """
    if form == "peft" or adapter.method != "dya_moqpe":
        store.adapters.export_adapter(adapter.id, target)
        return None
    run = store.runs.folder(adapter.run_id).root if adapter.run_id is not None else None
    folder = store.adapters.folder(adapter)
    return make_plain_lora(
        folder, target, run=run, steps=steps, anyway=anyway, on_progress=on_progress
    )


def refusal(made: PlainLora, otherwise: str = "Export it as PEFT") -> str:
    """Why a plain LoRA was not written, and the ways out."""
    return (
        f"a plain LoRA finds the adapter's next token likeliest for {share(made)} of answers that "
        f"it was not distilled on, and 98 % are wanted: nothing was written. {otherwise}, or "
        "write it anyway."
    )


def share(made: PlainLora) -> str:
    """How often it says the same, rounded down, and of how much."""
    return f"{int(1000 * (made.agreement or 0)) / 10:g} % of {made.tokens:,} tokens"


def form_of(text: str) -> Form:
    """The form of a word.

    Raises
    ------
    BadSetting
        If it is none.
    """
    found = next((form for form in FORMS if form == text), None)
    if found is None:
        raise BadSetting(f"an adapter is exported as {' or as '.join(FORMS)}, not as {text!r}.")
    return found


def free_folder(root: Path, name: str) -> Path:
    """A folder under ``root`` that is not there yet, called after ``name``."""
    base = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "adapter"
    taken, found = 1, root / base
    while found.exists():
        taken += 1
        found = root / f"{base}-{taken}"
    return found
