"""Models that can be evaluated: found by a reference, known by their weights, opened and closed.

It must not know what they are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slava.domain import Adapter, EvaluationSpec, ModelEntry, TestItem
from slava.domain.evaluation import GIVEN
from slava.errors import BadSetting, EndpointFailed
from slava.evaluation.keys import identify, quantized
from slava.evaluation.served import served_as
from slava.evaluation.titles import told_apart
from slava.vlm.load import BUILTIN, kind_of, open_backbone
from store import Store
from ui.services.models import OpenBackbone

if TYPE_CHECKING:
    from slava.vlm.backbone import Backbone

BUILTIN_TITLE = "Built-in sLAVA"
ADAPTER = "adapter:"


class EvaluationModels:
    """Finds and opens models; safe to use from any thread.

    Parameters
    ----------
    opener
        Loads a model; it knows the key of a served one.
    """

    def __init__(self, store: Store, opener: OpenBackbone = open_backbone) -> None:
        self.store, self._opener = store, opener

    def entries(self, items: Sequence[TestItem] = ()) -> list[ModelEntry]:
        """Models that can be asked without a download: the built-in one, every adapter, and the
        given answers of a test set."""
        found = [ModelEntry(BUILTIN_TITLE, BUILTIN)]
        found += [self._adapted(a) for a in self.store.adapters.list_adapters()]
        names = dict.fromkeys(name for item in items for name in item.given)
        return found + [ModelEntry(name, GIVEN + name) for name in names]

    def entry(self, reference: str) -> ModelEntry:
        """The model of a reference: ``builtin``, ``adapter:NAME``, ``given:NAME``, a folder, a
        repository or ``URL#MODEL``; ``@nf4`` or ``@int8`` behind it quantizes.

        Raises
        ------
        BadSetting
            If it is none of these.
        NotFound
            If there is no such adapter.
        """
        from slava.vlm.load import QUANTIZATIONS, quantization_of

        named, _, wish = reference.rpartition("@")
        if not named or wish not in QUANTIZATIONS:
            named, wish = reference, "none"
        quantization = quantization_of(wish)
        if named.startswith(GIVEN):
            return ModelEntry(named.removeprefix(GIVEN), named)
        if named.startswith(ADAPTER):
            wanted = self.store.adapters.get_adapter(named.removeprefix(ADAPTER))
            return replace(self._adapted(wanted), quantization=quantization)
        called = named.rstrip("/")
        if kind_of(named) == "endpoint":
            called = named.partition("#")[2]
            if not called:
                raise BadSetting(f"{named} serves several models, or will: name one, URL#MODEL.")
        title = BUILTIN_TITLE if named == BUILTIN else called.rpartition("/")[2]
        return ModelEntry(quantized(title, quantization), named, quantization)

    def identified(self, entries: Sequence[ModelEntry]) -> tuple[ModelEntry, ...]:
        """The entries with what their weights are known by, and a title of its own each.

        Raises
        ------
        BadSetting
            If there is none, or one is there twice.
        """
        if not entries:
            raise BadSetting("no model to evaluate. Choose at least one.")
        alike = Counter((e.reference, e.adapter, e.quantization) for e in entries)
        twice = {e.title for e in entries if alike[e.reference, e.adapter, e.quantization] > 1}
        if twice:
            raise BadSetting(f"{', '.join(sorted(twice))} is there twice. Take each model once.")
        found = told_apart(entries)
        return tuple(e if e.is_given else identify(e, self._folder(e)) for e in found)

    def require_same(self, spec: EvaluationSpec) -> None:
        """Refuse to go on with other weights than an evaluation was begun with.

        Raises
        ------
        BadSetting
            Naming the models whose weights have changed.
        """
        now = {entry.title: entry for entry in self.identified(spec.models)}
        changed = [e.title for e in spec.models if now[e.title].identity != e.identity]
        if changed:
            raise BadSetting(
                f"the weights of {', '.join(changed)} have changed since this was begun. Begin a "
                "new evaluation: what the same weights have answered is found."
            )

    def served(self, entry: ModelEntry) -> ModelEntry:
        """The entry with what its server reports of it; others as they are. A server that is off
        now is no matter where that is known already: all it has answered may be there.

        Raises
        ------
        BadSetting
            If it reports another model than before.
        EndpointFailed
            If nothing answers there, and nothing is known.
        """
        if entry.is_given or kind_of(entry.reference) != "endpoint":
            return entry
        try:
            with self.opened(entry) as backbone:
                now = served_as(getattr(backbone, "reported", {}))
        except EndpointFailed:
            if entry.served:
                return entry
            raise
        if entry.served and now != entry.served:
            raise BadSetting(
                f"the server of {entry.title} reports another model under this name than when this "
                "was begun. Ask again what was answered before: the old answers stay beside."
            )
        return replace(entry, served=now)

    @contextmanager
    def opened(self, entry: ModelEntry) -> Iterator[Backbone]:
        """The model of an entry, its memory given back at the end."""
        folder = self._folder(entry)
        more: dict[str, Any] = {} if folder is None else {"adapter": folder}
        backbone = self._opener(entry.reference, quantization=entry.quantization, **more)
        try:
            yield backbone
        finally:
            backbone.close()

    def _folder(self, entry: ModelEntry) -> Path | None:
        if not entry.adapter:
            return None
        return self.store.adapters.folder(self.store.adapters.get_adapter(entry.adapter))

    def _adapted(self, adapter: Adapter) -> ModelEntry:
        return ModelEntry(adapter.name, adapter.backbone, adapter=adapter.id)
