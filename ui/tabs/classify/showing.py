"""What the Classify tab shows now: services asked, presenters applied."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from slava.domain import ConversationId, MicrographId
from slava.errors import NotFound
from ui.present import classify as present
from ui.present import demonstrations, works
from ui.services import Services
from ui.services.classifying import Found, Standing, Wish

KEPT_WISH = "classify_wish"
KEPT_ENCODERS = "classify_encoders"


@dataclass(frozen=True, slots=True)
class Page:
    """What a page asks for; it lives as long as the page."""

    query: MicrographId | None = None
    wish: Wish | None = None
    """``None`` until the page is first shown."""
    opened: str = ""
    """The micrograph that was open in Analyse when this page last looked."""
    labelling: bool = False
    skipped: tuple[str, ...] = ()
    compared: ConversationId | None = None
    """The conversation about a set that is open."""


class KeptPage:
    """A page from one event to the next; events that overlap change it one after the other."""

    def __init__(self) -> None:
        self.page = Page()
        self.changing = threading.Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> KeptPage:
        """Every page that is opened begins anew."""
        return KeptPage()


class Showing:
    """Values for the panel, made anew from what is true at the moment."""

    def __init__(self, services: Services, base: str) -> None:
        self._services, self._base = services, base
        self._turns = itertools.count(1)

    def shown(self, kept: KeptPage, change: Callable[[Page], Page]) -> dict[str, Any]:
        """Change a page, and show it as it is then.

        Panels of events that overlap may come out of order: ``turn`` tells which is newer.
        """
        with kept.changing:
            kept.page = change(kept.page)
            page, turn, news = kept.page, next(self._turns), self._services.news.version
        return {**self.panel(page, news), "turn": turn}

    # ------------------------------------------------------------------ what is remembered
    def wish(self, page: Page) -> Wish:
        """The page's wish, or what was last wished in this workspace."""
        if page.wish is not None:
            return page.wish
        kept = self._services.store.settings.get_setting(KEPT_WISH, {})
        known = set(asdict(Wish()))
        return Wish(**{name: value for name, value in kept.items() if name in known})

    def keep(self, wish: Wish) -> None:
        """Remember a wish, without what was meant for one query."""
        kept = asdict(wish.of_library())
        self._services.store.settings.set_setting(
            KEPT_WISH, {n: v for n, v in kept.items() if n not in ("pinned", "put_aside")}
        )
        encoders = self.encoders(wish)
        self._services.store.settings.set_setting(KEPT_ENCODERS, encoders)

    def encoders(self, wish: Wish) -> list[str]:
        """Encoders that were used here, the built-in one first."""
        kept = self._services.store.settings.get_setting(KEPT_ENCODERS, [])
        trained = self._services.classifying.learning.trained()
        return list(dict.fromkeys(["builtin", *trained, *kept, wish.encoder]))[:16]

    # ------------------------------------------------------------------ the panel
    def panel(self, page: Page, news: int | None = None) -> dict[str, Any]:
        """Everything that the tab shows; ``news`` is the version that it shows with it."""
        services, classifying = self._services, self._services.classifying
        wish = self.wish(page)
        standing = classifying.standing(wish.encoder)
        found = self._found(page, wish)
        library = demonstrations.library(standing, classifying.embedding.progress, wish)
        told = present.answer(found)
        return {
            "news": f"{self._base}/news",
            "seen": news,
            "list": f"{self._base}/classify/list.json",
            "map": f"{self._base}/classify/map.json?encoder={quote(wish.encoder, safe='')}",
            "mapped": self._mapped(wish, standing),
            "version": f"{services.news.library}-{classifying.demonstrations.labels_version}",
            "library": library,
            "job": works.import_job(classifying.importing.job.now),
            "wish": present.wish_shown(wish, self.encoders(wish)),
            "query": self._query(page),
            "answer": told,
            "gallery": self._gallery(found, wish, told),
            "labelling": page.labelling,
            "batch": works.batch(classifying.batching.job.now, self._base),
            "duplicates": works.searched(classifying.duplicating.job.now, self._base),
            "training": self._training(standing),
            **self._compared(page),
            "question": present.QUESTIONS[wish.strategy],
            "weighing": present.weighing(classifying.weighing.job.now, found),
            "model": services.models.state.wanted.reference,
        }

    def _training(self, standing: Standing) -> dict[str, Any]:
        learning = self._services.classifying.learning
        labelled = sum(standing.counts.values())
        every = labelled + standing.unlabelled
        estimates = (
            learning.estimate_s(labelled, labels=True),
            learning.estimate_s(every, labels=False),
        )
        return works.learnt(learning.job.now, labelled, len(standing.counts), every, estimates)

    def _compared(self, page: Page) -> dict[str, Any]:
        comparing = self._services.classifying.comparing
        kept = comparing.kept(page.query) if page.query else []
        open_one = next((one for one in kept if one.id == page.compared), None)
        return {
            "compared": present.compared(open_one, comparing.job.now),
            "earlier": present.earlier(kept),
        }

    def _mapped(self, wish: Wish, standing: Standing) -> str:
        """Changes when the map may have; empty while there is nothing to be mapped."""
        classifying = self._services.classifying
        if classifying.busy or not standing.counts:
            return ""
        made, labels = classifying.embedding.made, classifying.demonstrations.labels_version
        return f"{wish.encoder} {made} {labels} {classifying.mapping.laid}"

    def _found(self, page: Page, wish: Wish) -> Found | None:
        if page.query is None:
            return None
        try:
            return self._services.classifying.answer(page.query, wish)
        except NotFound:
            return None

    def _query(self, page: Page) -> dict[str, Any] | None:
        if page.query is None:
            return None
        store = self._services.store
        try:
            record = store.micrographs.get_micrograph(page.query)
        except NotFound:
            return None
        return present.query(record, store.labels.get_label(page.query), self._base)

    def _gallery(
        self, found: Found | None, wish: Wish, told: dict[str, Any] | None
    ) -> list[dict[str, Any]]:
        if found is None or found.classification is None:
            return []
        neighbours = found.classification.neighbours
        provenances: dict[str, str] = {}
        for neighbour in neighbours:
            at = MicrographId(neighbour.demonstration.micrograph_id)
            record = self._services.store.labels.get_label(at)
            provenances[at] = record.provenance if record else ""
        best = str((told or {}).get("label", ""))
        return present.gallery(neighbours, wish, best, provenances, self._base)
