"""What the tests of Classify do with a window: fill its library, ask about a query."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from slava.domain import MicrographId
from slava.errors import ModelUnusable
from tests.ui.conftest import until
from tests.ui.textures import TextureEncoder, texture
from ui.services import Services
from ui.services.classifying import Found, Wish
from ui.services.importing import Importing

QUIET = Wish(encoder="texture", ask_model=False)


class Opener:
    """Opens the texture encoder under any name, and keeps what it has opened."""

    def __init__(self) -> None:
        self.opened: dict[str, TextureEncoder] = {}

    def __call__(self, reference: str) -> TextureEncoder:
        if reference == "missing":
            raise ModelUnusable("missing is no encoder. Choose another.")
        self.opened[reference] = TextureEncoder(reference)
        return self.opened[reference]


def taken_in(services: Services, source: Path, reference: str = "texture") -> Importing:
    services.classifying.add_labelled(source, reference)
    services.classifying.importing.job.wait()
    until(lambda: not services.classifying.busy)
    return services.classifying.importing


def added(services: Services, path: Path, label: str, seed: int) -> MicrographId:
    Image.fromarray(texture(label, seed)).save(path)
    return services.store.micrographs.add_micrograph(path).micrograph.id


def answered(services: Services, query: MicrographId, wish: Wish = QUIET) -> Found:
    found: list[Found] = []

    def ended() -> bool:
        found.append(services.classifying.answer(query, wish))
        return found[-1].state in ("done", "failed")

    until(ended)
    return found[-1]


def shown(found: Found) -> list[str]:
    assert found.classification is not None
    return [n.demonstration.micrograph_id for n in found.classification.neighbours]
