"""Adapters for a tab: what there is, where each comes from, answering with one in Analyse.

It must not know how they are shown, nor how they are put on a model.
"""

from __future__ import annotations

from pathlib import Path

from slava.domain import Adapter, AdapterId
from slava.errors import BadSetting
from store import Lineage, Store
from ui.services.models import Models, Wanted
from ui.services.news import News


class AdapterShelf:
    """What a tab asks for; safe to use from any thread."""

    def __init__(self, store: Store, models: Models, news: News) -> None:
        self._store, self._models, self._news = store, models, news

    def list_adapters(self) -> list[Adapter]:
        """Newest first."""
        return self._store.adapters.list_adapters()

    def lineage(self, adapter_id: AdapterId) -> Lineage:
        """The run, the snapshot and the reviews that it comes from."""
        return self._store.adapters.lineage(adapter_id)

    def folder(self, adapter_id: AdapterId) -> Path:
        """Where its files are."""
        return self._store.adapters.folder(self._store.adapters.get_adapter(adapter_id))

    @property
    def in_use(self) -> Adapter | None:
        """The one that answers in Analyse, or is being loaded to."""
        chosen = self._models.state.wanted.adapter
        listed = self.list_adapters() if chosen else []
        return next((a for a in listed if str(self._store.adapters.folder(a)) == chosen), None)

    def use(self, adapter_id: AdapterId) -> None:
        """Load its backbone with it, in the background; it then answers in Analyse.

        Raises
        ------
        NotFound
            If there is no such adapter.
        ModelError
            If a model is being loaded already, or a training has the memory.
        """
        adapter = self._store.adapters.get_adapter(adapter_id)
        before = self._models.state.wanted
        quantization = before.quantization if before.reference == adapter.backbone else "none"
        run_id = adapter.run_id
        if run_id is not None:
            told = self._store.runs.get_run(run_id).settings.get("quantization")
            quantization = "int8" if told == "int8" else "nf4" if told == "nf4" else quantization
        folder = str(self._store.adapters.folder(adapter))
        wanted = Wanted(adapter.backbone, quantization, folder)
        self._models.choose(wanted)
        self._remember(wanted)

    def unload(self) -> None:
        """Answer with the plain backbone again."""
        before = self._models.state.wanted
        if before.adapter:
            wanted = Wanted(before.reference, before.quantization)
            self._models.choose(wanted)
            self._remember(wanted)

    def add(self, folder: Path, name: str) -> Adapter:
        """Copy one that was brought from elsewhere into the workspace."""
        added = self._store.adapters.add_adapter(folder, name)
        self._news.tell()
        return added

    def rename(self, adapter_id: AdapterId, name: str) -> Adapter:
        """Call it otherwise."""
        renamed = self._store.adapters.set_name(adapter_id, name)
        self._news.tell()
        return renamed

    def remove(self, adapter_id: AdapterId) -> int:
        """Delete it; its run stays. The bytes that this frees.

        Raises
        ------
        BadSetting
            While it answers in Analyse.
        """
        used = self.in_use
        if used is not None and used.id == adapter_id:
            raise BadSetting(f"the adapter {used.name} answers in Analyse. Unload it first.")
        freed = self._store.adapters.remove_adapter(adapter_id)
        self._news.tell()
        return freed

    def _remember(self, wanted: Wanted) -> None:
        kept = [wanted.reference, wanted.quantization, wanted.adapter]
        self._store.settings.set_setting("model", kept)
