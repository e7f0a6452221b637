"""The window without a browser: wiring, guard, routes, and what importing it brings along."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from slava.domain import Micrograph
from tests.browser.serve import serving
from ui.pixels import PixelRoutes
from ui.services import Services

ROOT = Path(__file__).resolve().parents[2]
UNTOUCHED = ("torch", "transformers", "skimage", "scipy", "peft", "bitsandbytes")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A window served by a process of its own, and a client that talks to it."""
    workspace = tmp_path_factory.mktemp("workspace")
    with serving(workspace) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def routes(services: Services) -> PixelRoutes:
    return PixelRoutes(services)


@pytest.fixture
def client(routes: PixelRoutes) -> Iterator[TestClient]:
    """The routes beside Gradio's, without Gradio."""
    with TestClient(Starlette(routes=[routes.mount()])) as opened:
        yield opened


# ------------------------------------------------------------------ what is imported and wired
def test_building_the_window_imports_no_heavy_library(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from ui.privacy import set_private_environment
workspace = Path({str(tmp_path)!r})
set_private_environment(workspace)
from slava.settings import Settings
from store import Store
from ui.services import Services
from ui.shell import build_window
with Store.open(workspace) as store:
    window = build_window(Services(store, Settings(workspace)))
    names = [event.api_name for event in window.fns.values()]
print([name for name in {UNTOUCHED!r} if name in sys.modules])
known = ("analyse_", "classify_", "curate_", "draft_", "dataset_", "finetune_", "evaluate_")
print(len(names), len(set(names)), all(str(name).startswith(known) for name in names))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy, events = ended.stdout.strip().splitlines()[-2:]
    assert heavy == "[]"
    total, different, named = events.split()
    assert total == different
    assert int(total) > 25
    assert named == "True"


def test_no_stub_is_written_beside_the_sources() -> None:
    assert list((ROOT / "ui").rglob("*.pyi")) == []


# ------------------------------------------------------------------ who may ask
STOP = "/gradio_api/run/analyse_stop"


def test_only_this_machine_by_its_own_name_is_answered(served: httpx.Client) -> None:
    assert served.base_url.host == "127.0.0.1"
    assert served.get("/").status_code == 200
    assert served.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_request_that_another_page_makes_is_refused(
    served: httpx.Client, headers: dict[str, str]
) -> None:
    assert served.post(STOP, json={"data": [None]}, headers=headers).status_code == 403


def test_our_own_page_and_a_program_are_let_in(served: httpx.Client) -> None:
    own = {"origin": str(served.base_url).rstrip("/")}
    for headers in ({}, own):
        assert served.post(STOP, json={"data": [None]}, headers=headers).status_code == 200


def test_pages_may_load_nothing_from_elsewhere(served: httpx.Client) -> None:
    policy = served.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "http" not in policy


def test_history_analytics_and_sharing_are_off(served: httpx.Client) -> None:
    config = served.get("/config").json()
    assert config["analytics_enabled"] is False
    assert not config.get("run_history")
    assert not config.get("is_space")
    assert config.get("footer_links") == []


def test_files_of_this_machine_are_not_served(served: httpx.Client) -> None:
    assert served.get(f"/gradio_api/file={ROOT / 'pyproject.toml'}").status_code in (403, 404)
    assert served.get("/gradio_api/file=/etc/passwd").status_code in (403, 404)


# ------------------------------------------------------------------ pixels
def test_tiles_are_the_grey_values_of_the_file(
    client: TestClient, routes: PixelRoutes, services: Services, calibrated: Micrograph
) -> None:
    answer = client.get(f"{routes.base}/m/{calibrated.id}/t/0/0/1")
    tile = np.frombuffer(answer.content, "<u2").reshape(480, 128)
    grey = services.store.micrographs.read_grey(calibrated.id)
    assert np.array_equal(tile, grey[:, 512:640])
    assert answer.headers["cache-control"] == "no-store"


def test_previews_are_png_and_small(
    client: TestClient, routes: PixelRoutes, uncalibrated: Micrograph
) -> None:
    answer = client.get(f"{routes.base}/m/{uncalibrated.id}/preview.png?size=112")
    assert answer.content.startswith(b"\x89PNG")
    assert int.from_bytes(answer.content[16:20], "big") == 112


@pytest.mark.parametrize(
    "path", ["/m/{id}/t/9/0/0", "/m/{id}/t/0/7/7", "/m/unknown/t/0/0/0", "/m/unknown/objects.json"]
)
def test_what_is_not_there_is_a_404(
    client: TestClient, routes: PixelRoutes, calibrated: Micrograph, path: str
) -> None:
    assert client.get(routes.base + path.format(id=calibrated.id)).status_code == 404


def test_without_the_token_there_is_nothing(client: TestClient, calibrated: Micrograph) -> None:
    assert client.get(f"/slava/guessed/m/{calibrated.id}/preview.png").status_code == 404


def test_news_counts_what_changes_and_the_list_comes_apart(
    client: TestClient, routes: PixelRoutes, services: Services, calibrated: Micrograph
) -> None:
    def news() -> int:
        return int(client.get(f"{routes.base}/news").text)

    def listed() -> tuple[list[str], int]:
        answer = client.get(f"{routes.base}/library.json").json()
        return [item["id"] for item in answer["items"]], answer["version"]

    before = news()
    assert news() == before
    ids, version = listed()
    assert ids == [calibrated.id]
    services.note(calibrated.id, "annealed")
    assert news() > before
    assert listed()[1] > version
    services.remove_micrograph(calibrated.id)
    assert listed()[0] == []


def test_a_conversation_can_be_downloaded(
    client: TestClient, routes: PixelRoutes, services: Services, calibrated: Micrograph
) -> None:
    live = services.ask(calibrated.id, None, "What is <it>?")
    assert live.finished.wait(20)
    answer = client.get(f"{routes.base}/c/{live.conversation_id}.html")
    assert "filename*=UTF-8''What%20is%20it.html" in answer.headers["content-disposition"]
    assert "What is &lt;it&gt;?" in answer.text
    markdown = client.get(f"{routes.base}/c/{live.conversation_id}.md")
    assert markdown.headers["content-type"].startswith("text/markdown")
