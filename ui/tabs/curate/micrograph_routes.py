"""What the list of micrographs beside drafting asks for, and what is said of those selected there.

Nothing here imports Gradio. It must not know what is drafted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute, Route

from slava.domain import MicrographId
from ui.answering import Sent, posted, text, texts
from ui.present import drafting as shown
from ui.services import Services
from ui.services.evidence import say_composition


def micrograph_routes(services: Services, base: str) -> list[BaseRoute]:
    """The routes; ``base`` is that of the pixel routes."""
    answers = MicrographAnswers(services, base)
    named: dict[str, Callable[[Sent], object]] = {
        "micrographs": answers.micrographs,
        "confidential": answers.confidential,
        "licence": answers.licence,
        "composition": answers.composition,
    }
    return [Route(f"/{name}.json", posted(a), methods=["POST"]) for name, a in named.items()]


class MicrographAnswers:
    """Each takes what a page sent and returns what is sent back."""

    def __init__(self, services: Services, base: str) -> None:
        self._services, self._store, self._base = services, services.store, base

    def micrographs(self, _sent: Sent) -> object:
        """Every micrograph as a row."""
        version = self._services.news.library
        labels = {r.micrograph_id: r.label or "" for r in self._store.labels.list_labelled()}
        pairs = self._store.pairs.count_by("micrograph")
        found = self._store.micrographs.list_micrographs()
        said = self._said_of([m.id for m in found])
        rows = [
            shown.micrograph(m, labels.get(m.id, ""), pairs.get(m.id, 0), said[m.id], self._base)
            for m in found
        ]
        return {"version": version, "items": rows}

    def confidential(self, sent: Sent) -> object:
        """Say whether some micrographs may leave this machine."""
        self._store.micrographs.set_confidential(ids_of(sent), yes(sent, "confidential"))
        self._services.news.tell_library()
        return {}

    def licence(self, sent: Sent) -> object:
        """Say under which terms some micrographs may be passed on."""
        self._store.micrographs.set_licence(ids_of(sent), text(sent, "licence", 200))
        self._services.news.tell_library()
        return {}

    def composition(self, sent: Sent) -> object:
        """Say which composition data there are of some micrographs, or that there are none."""
        said = text(sent, "composition", 400)
        changed = say_composition(self._services.drafting.desk, ids_of(sent), said)
        self._services.news.tell_library()
        return {"checked_again": changed}

    def _said_of(self, ids: Sequence[MicrographId]) -> dict[MicrographId, tuple[str, int]]:
        """Composition data as text, and how many texts of a paper there are."""
        data = self._store.evidence.get_compositions(ids)
        words = self._store.evidence.get_words(ids)
        return {
            i: (data[i].text if i in data else "", len(words[i].told) if i in words else 0)
            for i in ids
        }


def ids_of(sent: Sent) -> tuple[MicrographId, ...]:
    """The micrographs that are meant."""
    return tuple(MicrographId(i) for i in texts(sent, "ids"))


def yes(sent: Sent, name: str) -> bool:
    """Whether something was agreed to."""
    return sent.get(name) is True
