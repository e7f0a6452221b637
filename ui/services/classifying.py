"""What the Classify tab may ask for: answers, the library of demonstrations, labels.

It brings the parts together; each of them knows only its own work. It must not know Gradio.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from slava.domain import ConversationId, MicrographId
from slava.errors import BadInput
from store import Store
from ui.services.batching import Batching
from ui.services.comparing import Comparing
from ui.services.demonstrations import Demonstrations
from ui.services.duplicating import Duplicating
from ui.services.embedding import Embedding, OpenEncoder, open_any
from ui.services.importing import Importing
from ui.services.judging import Judging
from ui.services.labelling import HandLabels
from ui.services.learning import Learning
from ui.services.mapping import Map, Mapping
from ui.services.models import Models
from ui.services.news import News
from ui.services.pictures import Pictures
from ui.services.weighing import Weighing
from ui.services.wishes import Found, Wish

if TYPE_CHECKING:
    from slava.retrieval.index import Index

__all__ = ["Classifying", "Found", "Standing", "Wish"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The library as the tab shows it."""

    counts: dict[str, int]
    """Micrographs of every class."""
    unlabelled: int
    missing: int
    """Micrographs without a vector of the encoder."""
    others: tuple[tuple[str, int], ...]
    """Vectors of other encoders, by the encoder's name."""


class Classifying:
    """Everything that the Classify tab asks for; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        pictures: Pictures,
        models: Models,
        news: News,
        uploads: Path,
        opener: OpenEncoder = open_any,
    ) -> None:
        self._store = store
        self.embedding = Embedding(store, news, opener)
        self.demonstrations = Demonstrations(store, news)
        self.importing = Importing(store, uploads, news, self.demonstrations.labels_changed)
        self.mapping = Mapping(news)
        self.labels = HandLabels(store, self.demonstrations.labels_changed)
        self.duplicating = Duplicating(store, news, self.labels, self.demonstrations.labels_changed)
        self.learning = Learning(store, news)
        self.judging = Judging(
            store,
            pictures,
            models,
            news,
            self.embedding,
            self.demonstrations,
            lambda: self.busy,
        )
        self.batching = Batching(
            store, news, models, self.embedding, self.demonstrations, self.judging
        )
        self.comparing = Comparing(store, models, news, self.judging.view_of)
        self.weighing = Weighing(models, news, self.demonstrations, self.judging.judge)

    def answer(self, micrograph_id: MicrographId, wish: Wish) -> Found:
        """See :meth:`ui.services.judging.Judging.answer`."""
        return self.judging.answer(micrograph_id, wish)

    @property
    def busy(self) -> bool:
        """Whether the library is being taken in or embedded; a single query does not count."""
        progress = self.embedding.progress
        return self.importing.job.busy or (progress.phase != "idle" and progress.total > 1)

    def standing(self, reference: str) -> Standing:
        """Classes, and what the encoder has not seen yet."""
        counts = self._store.labels.count_labels()
        total = self._store.micrographs.count_micrographs()
        key = self.embedding.key(reference)
        made = self._store.vectors.count_vectors()
        others = tuple((k.id, n) for k, n in made.items() if k != key and n)
        missing = total - (made.get(key, 0) if key else 0)
        return Standing(counts, total - sum(counts.values()), missing, others)

    def add_labelled(self, source: Path, reference: str) -> None:
        """Take in a labelled folder or table, then embed it.

        Raises
        ------
        BadInput
            If it lists no labelled micrograph.
        """
        self.importing.add_labelled(source, lambda: self.embed_library(reference))

    def add_drawings(self, reference: str) -> None:
        """Draw a small library, then embed it."""
        self.importing.add_drawings(lambda: self.embed_library(reference))

    def cancel(self) -> None:
        """End taking in and embedding after what is at hand."""
        self.importing.job.cancel()
        self.embedding.cancel()

    def embed_library(self, reference: str) -> None:
        """Make the vectors that the encoder has not made yet."""
        key = self.embedding.key(reference)
        ids = self._store.vectors.list_missing(key) if key else self._all()
        self.embedding.want(ids, reference)

    def _all(self) -> list[MicrographId]:
        return [m.id for m in self._store.micrographs.list_micrographs()]

    def weigh_model(self, wish: Wish) -> None:
        """Find out in the background what the model's vote is worth in this library.

        Raises
        ------
        BadInput
            If the library is not embedded yet.
        """
        key = self.embedding.key(wish.encoder)
        if key is None or self.busy:
            raise BadInput("the library is not embedded yet. Embed it first.")
        self.weighing.begin(wish, self.demonstrations.stamp(key, self.embedding.made))

    def compare(
        self,
        micrograph_id: MicrographId,
        wish: Wish,
        question: str,
        conversation_id: ConversationId | None = None,
    ) -> ConversationId:
        """Ask the model about a query and the demonstrations that are shown with it."""
        found = self.answer(micrograph_id, wish).classification
        shown = found.neighbours if found else ()
        return self.comparing.ask(question, micrograph_id, shown, conversation_id)

    def index(self, reference: str) -> Index | None:
        """The library's vectors of an encoder; ``None`` where it has made none yet."""
        key = self.embedding.key(reference)
        if key is None:
            return None
        return self.demonstrations.index(self.demonstrations.stamp(key, self.embedding.made))

    def map_of(self, reference: str) -> tuple[Index, Map] | None:
        """The library as points, with the index that they belong to."""
        index = self.index(reference)
        laid = self.mapping.map_of(index) if index is not None else None
        return (index, laid) if index is not None and laid is not None else None

    def swap(self, micrograph_id: MicrographId, wish: Wish, demonstration: str) -> Wish:
        """Put a demonstration aside and pin the next similar one of its class.

        Raises
        ------
        BadInput
            When its class has no other.
        """
        index = self.index(wish.encoder)
        found = self.answer(micrograph_id, wish).classification
        if index is None or found is None:
            raise BadInput("there is nothing to swap yet. Wait for the neighbours.")
        shown = {n.demonstration.micrograph_id for n in found.neighbours}
        row, own = index.row_of(micrograph_id), index.row_of(demonstration)
        barred = {micrograph_id, *shown, *wish.put_aside}
        near = (
            ()
            if row is None or own is None
            else index.nearest(index.vectors[row], len(index), exclude_ids=barred)
        )
        label = "" if own is None else index.labels[own]
        other = next((n.demonstration for n in near if n.demonstration.label == label), None)
        if other is None:
            raise BadInput(f"the class {label!r} has no other micrograph to show.")
        pinned = tuple(p for p in wish.pinned if p != demonstration)
        return replace(
            wish,
            pinned=(*pinned, other.micrograph_id),
            put_aside=(*wish.put_aside, demonstration),
        )

    def close(self, timeout_s: float) -> None:
        """End what goes on in the background; the store may be closed after."""
        jobs = (
            *(self.importing.job, self.weighing.job, self.batching.job, self.comparing.job),
            *(self.duplicating.job, self.learning.job),
        )
        for job in jobs:
            job.cancel()
        self.judging.close(timeout_s)
        for job in jobs:
            job.wait(timeout_s)
        self.embedding.close(timeout_s)
        self.mapping.close(timeout_s)
