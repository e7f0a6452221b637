"""What the model is worth in a library."""

from __future__ import annotations

from pathlib import Path

from slava.settings import Settings
from store import Store
from tests.ui.classify.library import QUIET, Opener, added, answered, taken_in
from tests.ui.conftest import until
from tests.vlm.scripted_backbone import ScriptedBackbone
from ui.services import Services


def test_what_the_model_is_worth_is_found_out_and_kept(
    store: Store, workspace: Path, folder: Path, tmp_path: Path
) -> None:
    def told(reference: str, **_rest: object) -> ScriptedBackbone:
        return ScriptedBackbone(lambda question: ["rows"])

    settings = Settings(workspace=workspace, port=0, open_browser=False)
    services = Services(store, settings, opener=told, encoder_opener=Opener())
    taken_in(services, folder)
    services.classifying.weigh_model(QUIET)
    until(
        lambda: (w := services.classifying.weighing.job.now) is not None and w.state == "done", 60
    )
    weighed = services.classifying.weighing.job.now
    assert weighed is not None
    assert (weighed.total, weighed.done) == (18, 18)
    assert weighed.neighbours_right > weighed.model_right
    query = added(services, tmp_path / "query.png", "dots", 50)
    found = answered(services, query)
    assert found.classification is not None
    assert found.classification.ranked_fused[0].label == "dots"
    assert store.settings.get_setting("classify_weights")
    services.close()
