"""What the dataset panel asks for and says, as JSON below ``base/curate/dataset``.

Nothing here imports Gradio.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from starlette.routing import BaseRoute, Route

from slava.errors import BadInput, BadSetting
from slava.packs import FOLDER as PACKS
from slava.packs import list_packs
from store.pairs import Facet
from ui.answering import Sent, number, posted, text
from ui.present import datasets as shown
from ui.receiving import receiving
from ui.services import Services
from ui.services.job import Job

FACETS: tuple[Facet, ...] = ("aspect", "category", "kind", "teacher")


def routes(services: Services, base: str) -> list[BaseRoute]:
    """The routes; ``base`` is that of the pixel routes."""
    answers = DatasetAnswers(services, base)
    named: dict[str, Callable[[Sent], object]] = {
        "state": answers.state,
        "counts": answers.counts,
        "sheet": answers.sheet,
        "freeze": answers.freeze,
        "remove": answers.remove,
        "take": answers.take,
        "export": answers.export,
        "dismiss": answers.dismiss,
    }
    return [
        *(Route(f"/{name}.json", posted(a), methods=["POST"]) for name, a in named.items()),
        Route("/upload", receiving(services.uploads), methods=["POST"]),
    ]


class DatasetAnswers:
    """Each takes what a page sent and returns what is sent back."""

    def __init__(self, services: Services, _base: str) -> None:
        self._services, self._datasets = services, services.datasets

    def state(self, _sent: Sent) -> object:
        """What there is and what goes on."""
        datasets, version = self._datasets, self._services.news.version
        states = datasets.states()
        return {
            "version": version,
            "states": {name: states.get(name, 0) for name in shown.STATES},
            "would": {w: shown.would_be_left_out(states, w) for w in ("accepted", "all")},
            "snapshots": [shown.snapshot(one) for one in datasets.snapshots()],
            "freezing": shown.freezing(datasets.freezing.now),
            "importing": shown.taking_in(datasets.importing.now),
            "exporting": shown.giving_out(datasets.giving_out.job.now),
            "exports": str(Path(self._services.store.workspace, "exports")),
            "packs": [[p.id, p.title] for p in list_packs(self._services.store.workspace / PACKS)],
        }

    def counts(self, sent: Sent) -> object:
        """Pairs by one facet and state."""
        facet = next((f for f in FACETS if f == text(sent, "by")), None)
        if facet is None:
            raise BadInput("the page sent no facet. Reload it.")
        titles = self._services.reviewing.titles() if facet in ("aspect", "category") else {}
        return {"rows": shown.counts(self._datasets.count_by(facet), titles)}

    def sheet(self, sent: Sent) -> object:
        """The datasheet of a snapshot."""
        manifest = self._datasets.manifest(text(sent, "id"))
        folder = self._services.store.snapshots.folder(manifest.id)
        return shown.sheet(manifest, str(folder), self._services.reviewing.titles())

    def freeze(self, sent: Sent) -> object:
        """Make a snapshot."""
        shares = {p: number(sent, p) or 0.0 for p in ("train", "validation", "test")}
        seed = number(sent, "seed") or 0
        if seed != int(seed) or not 0 <= seed < 2**31:
            raise BadSetting("the seed must be a whole number from 0 on.")
        self._datasets.freeze(text(sent, "name"), _states(sent), shares, int(seed))  # type: ignore[arg-type]
        return {}

    def remove(self, sent: Sent) -> object:
        """Remove a snapshot."""
        self._datasets.remove(text(sent, "id"))
        return {}

    def take(self, sent: Sent) -> object:
        """Take pairs in, of an upload or a path of this machine."""
        pack, images = text(sent, "pack") or "nanomaterials", text(sent, "images")
        if token := text(sent, "upload"):
            self._datasets.import_upload(token, images, pack)
        else:
            self._datasets.import_path(text(sent, "path"), images, pack)
        return {}

    def export(self, sent: Sent) -> object:
        """Give pairs out."""
        form, snapshot, name = (text(sent, n) for n in ("format", "snapshot", "name"))
        self._datasets.giving_out.begin(form, _states(sent), snapshot, name)
        return {}

    def dismiss(self, sent: Sent) -> object:
        """Close what has ended, or end what goes on."""
        jobs: dict[str, Job[Any]] = {
            "freezing": self._datasets.freezing,
            "importing": self._datasets.importing,
            "exporting": self._datasets.giving_out.job,
        }
        job = jobs.get(text(sent, "job"))
        if job is None:
            raise BadInput("the page sent no job. Reload it.")
        if job.busy:
            job.cancel()
        else:
            job.dismiss()
        return {}


def _states(sent: Sent) -> Literal["accepted", "all"]:
    return "all" if text(sent, "states") == "all" else "accepted"
