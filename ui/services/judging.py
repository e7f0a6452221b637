"""The class of one micrograph as wished: neighbours at once, the model's answer when it comes.

What takes longer (making vectors, asking the model) goes on in the background and is told as
news. It must not know how the library is filled, nor Gradio.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from slava.domain import Classification, MicrographId
from slava.errors import SlavaError
from store import Store
from ui.services.demonstrations import Demonstrations, Stamp
from ui.services.embedding import Embedding
from ui.services.models import Models
from ui.services.news import News
from ui.services.pictures import Pictures
from ui.services.wishes import Found, KnownEncoder, State, Wish

if TYPE_CHECKING:
    from slava.retrieval.classify import Query
    from slava.retrieval.encoder import MicrographEncoder
    from slava.retrieval.fusion import Fusion
    from slava.retrieval.index import Index
    from slava.retrieval.view import Picture
    from slava.vlm.backbone import Backbone, View

log = logging.getLogger("slava.judging")
T = TypeVar("T")

KEPT = 32
"""Answers that are remembered."""

UNSEEN = "this encoder has not seen the {} labelled micrographs yet. Embed them (on the left)."

_Asked = tuple[MicrographId, Wish, Stamp, str]


class Judging:
    """Answers about single micrographs; safe to use from any thread.

    ``busy`` says whether the library is being filled: until it is, no model is asked.
    """

    def __init__(
        self,
        store: Store,
        pictures: Pictures,
        models: Models,
        news: News,
        embedding: Embedding,
        demonstrations: Demonstrations,
        busy: Callable[[], bool],
    ) -> None:
        self._store, self._pictures, self._models, self._news = store, pictures, models, news
        self._embedding, self._demonstrations, self._busy = embedding, demonstrations, busy
        self._change = threading.Condition()
        self._answers: dict[_Asked, Classification | str] = {}
        self._quick: dict[tuple[_Asked, int], Classification] = {}
        self._wanted: _Asked | None = None
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()

    def answer(self, micrograph_id: MicrographId, wish: Wish) -> Found:
        """What is known now; what is not known yet is begun.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        """
        record = self._store.micrographs.get_micrograph(micrograph_id)
        progress = self._embedding.progress
        if progress.error and progress.reference == wish.encoder:
            return Found("failed", error=progress.error)
        key = self._embedding.key(wish.encoder)
        if key is None:
            self._embedding.want([micrograph_id], wish.encoder, urgent=True)
            return Found("opening")
        stamp = self._demonstrations.stamp(key, self._embedding.made)
        index = self._demonstrations.index(stamp)
        row = index.row_of(micrograph_id)
        if row is None:
            if self._embedding.failed(micrograph_id):
                return Found("failed", error=f"{record.name} could not be read.")
            self._embedding.want([micrograph_id], wish.encoder, urgent=True)
            return Found("embedding")
        if len(index.classes) < 2 and len(counts := self._store.labels.count_labels()) > 1:
            if self._busy():
                return Found("embedding")
            return Found("failed", error=UNSEEN.format(sum(counts.values())))
        try:
            return self._answered(micrograph_id, wish, stamp, index)
        except SlavaError as error:
            return Found("failed", error=str(error))

    def _answered(
        self, micrograph_id: MicrographId, wish: Wish, stamp: Stamp, index: Index
    ) -> Found:
        fusion = self._fusion(stamp, wish)
        known: dict[str, Any] = {
            "validated_on": fusion.validated_on,
            "model_weight": fusion.weights.get("model", 0.0),
        }
        asked = (micrograph_id, wish, stamp, self._models.state.wanted.reference)
        with self._change:
            kept = self._answers.get(asked)
        if isinstance(kept, Classification):
            return Found("done", kept, **known)
        to_ask = wish.ask_model and kept is None and len(index.classes) > 1
        if to_ask and not self._busy():
            self._ask(asked)
        if wish.k == 0 and to_ask:
            return Found("asking")
        without = self._neighbours(asked, index, fusion)
        note = kept if isinstance(kept, str) else without.model_note
        state: State = "asking" if to_ask else "done"
        return Found(state, replace(without, model_note=note), **known)

    def _neighbours(self, asked: _Asked, index: Index, fusion: Fusion) -> Classification:
        """The answer without the model; the last few are remembered."""
        at = (asked, fusion.validated_on)
        with self._change:
            found = self._quick.get(at)
        if found is None:
            found = self.judge(asked[1], asked[0], asked[2], index, None)
            with self._change:
                _keep(self._quick, at, found)
        return found

    def _fusion(self, stamp: Stamp, wish: Wish) -> Fusion:
        """How votes are pooled; where demonstrations are not the nearest, near means nothing."""
        from slava.retrieval.fusion import Fusion

        model = self._models.state.wanted.reference
        busy = self._busy()
        fusion = Fusion() if busy else self._demonstrations.fusion(stamp, wish.k, model)
        near = wish.strategy in ("similar", "diverse", "balanced")
        return fusion if near else replace(fusion, least_similarity=None)

    def judge(
        self,
        wish: Wish,
        micrograph_id: MicrographId,
        stamp: Stamp,
        index: Index,
        backbone: Backbone | None,
    ) -> Classification:
        """One micrograph of the library, now, in this thread."""
        from slava.retrieval.classify import Query

        row = index.row_of(micrograph_id)
        query = Query(
            picture=self._picture(micrograph_id),
            id=micrograph_id,
            group="" if row is None else index.groups[row],
            vector=None if row is None else index.vectors[row],
        )
        return self.judge_query(query, wish, stamp, index, backbone)

    def judge_query(
        self,
        query: Query,
        wish: Wish,
        stamp: Stamp,
        index: Index,
        backbone: Backbone | None = None,
    ) -> Classification:
        """The same for a micrograph whose picture and vector are at hand."""
        from slava.retrieval.classify import classify

        opened = self._embedding.encoder(wish.encoder)
        encoder: MicrographEncoder = opened or KnownEncoder(stamp.key)
        return classify(
            query,
            index,
            encoder,
            backbone,
            wish.k,
            wish.strategy,
            self._fusion(stamp, wish),
            metric=wish.metric,
            seed=wish.seed,
            view_of=self.view_of,
            pinned=wish.pinned,
            put_aside=wish.put_aside,
            own_group_too=wish.own_source_too,
            stop=self._stop,
        )

    def _picture(self, micrograph_id: MicrographId) -> Picture:
        from slava.retrieval.view import specimen_view

        record = self._store.micrographs.get_micrograph(micrograph_id)
        return specimen_view(record, self._pictures.get(micrograph_id).grey)

    def view_of(self, micrograph_id: str) -> View | None:
        """A demonstration as the model is shown it."""
        from slava.retrieval.classify import view_from
        from slava.retrieval.view import specimen_view

        try:
            record = self._store.micrographs.get_micrograph(MicrographId(micrograph_id))
            grey = self._store.micrographs.read_grey(record.id)
        except SlavaError:
            return None
        return view_from(specimen_view(record, grey))

    # ------------------------------------------------------------------ asking the model
    def _ask(self, asked: _Asked) -> None:
        """Have the model asked next; what was asked before and has not begun is dropped."""
        with self._change:
            self._wanted = asked
            if self._worker is None and not self._stop.is_set():
                self._worker = threading.Thread(
                    target=self._work, name="slava-classifying", daemon=True
                )
                self._worker.start()

    def _work(self) -> None:
        while True:
            with self._change:
                asked, self._wanted = self._wanted, None
                if asked is None or self._stop.is_set():
                    self._worker = None
                    return
                if asked in self._answers:
                    continue
            found = self._asked_model(asked)
            with self._change:
                _keep(self._answers, asked, found)
            self._news.tell()

    def _asked_model(self, asked: _Asked) -> Classification | str:
        """The answer with the model's vote, or why there is none."""
        try:
            with self._models.using(self._stop) as backbone:
                at, wish, stamp, _ = asked
                return self.judge(wish, at, stamp, self._demonstrations.index(stamp), backbone)
        except SlavaError as error:
            return f"the model gave no answer: {error}"
        except Exception as error:
            log.exception("asking the model failed")
            return f"the model failed ({type(error).__name__}: {error})."

    def close(self, timeout_s: float) -> None:
        """Ask no more, and wait for the model's answer under way."""
        self._stop.set()
        with self._change:
            worker = self._worker
        if worker is not None:
            worker.join(timeout_s)


def _keep(kept: dict[Any, T], key: object, value: T) -> None:
    """Add it, and let the oldest go when there are too many."""
    kept[key] = value
    while len(kept) > KEPT:
        kept.pop(next(iter(kept)))
