"""A model that is not on this machine: nothing is fetched before its size is told."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest

from slava.domain.conversation import Quantization
from slava.errors import BadInput, Cancelled, ModelError, ModelNeedsDownload
from slava.vlm.backbone import Backbone
from tests.ui.conftest import until
from tests.ui.scripted import open_scripted
from ui.services.models import Models, Wanted
from ui.services.news import News


class Hub:
    """A hub without a network: knows one size, delivers when it is let."""

    def __init__(self) -> None:
        self.fetched: list[str] = []
        self.lost = False
        self.here = False

    def size(self, reference: str) -> int:
        if self.lost:
            raise ModelError("the hub cannot be reached.")
        return 3_000_000

    def fetch(self, reference: str, on_progress: Callable[[str], None], stop: Event) -> None:
        self.fetched.append(reference)
        on_progress("1 MB of 3 MB")
        if self.lost and stop.wait(20):
            raise Cancelled("stopped.")
        self.here = True


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def models(hub: Hub) -> Models:
    """A holder of models that are not here until the hub has delivered."""

    def opener(
        reference: str,
        *,
        quantization: Quantization,
        on_progress: Callable[[str], None] | None = None,
    ) -> Backbone:
        if not hub.here:
            raise ModelNeedsDownload(reference, None)
        return open_scripted(reference, quantization=quantization, on_progress=on_progress)

    models = Models(opener, hub, News(), Wanted("owner/model"))
    models.warm()
    until(lambda: models.state.download)
    return models


def test_nothing_is_fetched_before_its_size_is_told(models: Models, hub: Hub) -> None:
    with pytest.raises(BadInput, match="size of owner/model is not known"):
        models.download("owner/model")
    models.look_up_size("owner/model")
    until(lambda: not models.busy)
    assert models.state.download is not None
    assert models.state.download.size_bytes == 3_000_000
    assert hub.fetched == []
    models.download("owner/model")
    until(lambda: models.state.phase == "ready")
    assert (hub.fetched, models.state.download) == (["owner/model"], None)


def test_only_the_model_that_was_chosen_is_fetched(models: Models) -> None:
    with pytest.raises(BadInput, match="other/model is not waiting"):
        models.download("other/model")
    with pytest.raises(BadInput, match="other/model is not waiting"):
        models.look_up_size("other/model")


def test_a_hub_that_is_silent_is_told_and_can_be_asked_again(models: Models, hub: Hub) -> None:
    hub.lost = True
    models.look_up_size("owner/model")
    until(lambda: "cannot be reached" in models.state.error)
    hub.lost = False
    models.look_up_size("owner/model")
    until(lambda: models.state.download and models.state.download.size_bytes)


def test_a_cancelled_download_can_be_taken_up(models: Models, hub: Hub) -> None:
    models.look_up_size("owner/model")
    until(lambda: not models.busy)
    hub.lost = True
    models.download("owner/model")
    until(lambda: models.state.progress == "1 MB of 3 MB")
    with pytest.raises(ModelError, match="is being fetched or loaded"):
        models.choose(Wanted("builtin"))
    models.cancel_download()
    until(lambda: models.state.phase == "failed")
    hub.lost = False
    models.download("owner/model")
    until(lambda: models.state.phase == "ready")
