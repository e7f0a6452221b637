"""Downloads from a hub on this machine: agreed to, broken off, resumed, damaged, refused."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from slava.errors import Cancelled, ModelError, ModelNeedsDownload, ModelNotFound
from slava.vlm.download import ask_size, download_model
from slava.vlm.download_child import drop_copies
from slava.vlm.model_folder import find_model
from tests.vlm.fake_hub import FakeHub

WEIGHTS = np.random.default_rng(0).bytes(300_000)
HEADER = json.dumps({"w": {"dtype": "U8", "shape": [300_000], "data_offsets": [0, 300_000]}})
SAFETENSORS = len(HEADER).to_bytes(8, "little") + HEADER.encode() + WEIGHTS
FILES = {
    "config.json": b'{"model_type": "llava"}',
    "model.safetensors": SAFETENSORS,
    "tokenizer.json": b"{}",
    "README.md": b"---\nlicense: mit\n---\n# A model",
    "pytorch_model.bin": b"\x80" * 5000,
    "modeling.py": b"print('never')",
    "onnx/model.safetensors": b"\x00" * 5000,
    "consolidated.safetensors": SAFETENSORS,
}
WANTED = {"config.json", "model.safetensors", "tokenizer.json", "README.md"}
SIZE = sum(len(FILES[name]) for name in WANTED)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub(repositories={"owner/model": dict(FILES)}).serving() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield served


def test_the_size_is_asked_first_and_nothing_comes_without_a_yes(
    hub: FakeHub, tmp_path: Path
) -> None:
    with pytest.raises(ModelNeedsDownload) as caught:
        download_model("owner/model", confirmed=False, cache_dir=tmp_path)
    assert caught.value.size_bytes == SIZE == ask_size("owner/model")
    assert hub.served == []
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_download_fetches_what_is_needed_and_can_be_found(hub: FakeHub, tmp_path: Path) -> None:
    told: list[str] = []
    folder = download_model(
        "owner/model", confirmed=True, cache_dir=tmp_path, on_progress=told.append
    )
    assert {file.name for file in folder.iterdir()} == WANTED
    assert (folder / "model.safetensors").read_bytes() == SAFETENSORS
    assert told[0] == "owner/model: asking for the list of files"
    assert told[-1] == "owner/model: 0 MB of 0 MB"
    found = find_model("owner/model", cache_dir=tmp_path)
    assert (found.path, found.licence) == (folder, "mit")
    before = len(hub.served)
    assert download_model("owner/model", confirmed=True, cache_dir=tmp_path) == folder
    assert len(hub.served) == before, "what is here is not fetched again"


def test_a_connection_that_breaks_once_is_resumed_at_once(hub: FakeHub, tmp_path: Path) -> None:
    hub.cut_after_bytes, hub.cuts_left = 100_000, 1
    folder = download_model("owner/model", confirmed=True, cache_dir=tmp_path)
    assert (folder / "model.safetensors").read_bytes() == SAFETENSORS
    assert hub.ranges == ["bytes=100000-"]


def test_a_download_that_was_stopped_goes_on_where_it_was(hub: FakeHub, tmp_path: Path) -> None:
    hub.stall = threading.Event()
    stop = threading.Event()

    def stop_in_the_middle() -> None:
        while not _parts(tmp_path) or _parts(tmp_path)[0].stat().st_size == 0:
            time.sleep(0.02)
        stop.set()

    watcher = threading.Thread(target=stop_in_the_middle)
    watcher.start()
    with pytest.raises(Cancelled, match="What has come is kept"):
        download_model("owner/model", confirmed=True, cache_dir=tmp_path, stop=stop)
    watcher.join()
    kept = _parts(tmp_path)[0].stat().st_size
    assert 0 < kept < len(SAFETENSORS)
    with pytest.raises(ModelNeedsDownload):
        find_model("owner/model", cache_dir=tmp_path)
    hub.stall.set()
    hub.stall = None
    folder = download_model("owner/model", confirmed=True, cache_dir=tmp_path)
    assert hub.ranges == [f"bytes={kept}-"]
    assert (folder / "model.safetensors").read_bytes() == SAFETENSORS
    assert not _parts(tmp_path)


def _parts(cache: Path) -> list[Path]:
    return list(cache.rglob("*.part"))


def test_damaged_weights_never_enter_the_cache(hub: FakeHub, tmp_path: Path) -> None:
    hub.damaged = True
    with pytest.raises(ModelError, match=r"model\.safetensors arrived damaged \(its SHA-256"):
        download_model("owner/model", confirmed=True, cache_dir=tmp_path)
    assert not _parts(tmp_path)
    with pytest.raises(ModelNeedsDownload):
        find_model("owner/model", cache_dir=tmp_path)
    hub.damaged = False
    assert download_model("owner/model", confirmed=True, cache_dir=tmp_path).is_dir()


def test_a_hub_that_cannot_be_reached_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for confirmed in (True, False):
        with pytest.raises(ModelError) as caught:
            download_model("owner/model", confirmed=confirmed, cache_dir=tmp_path)
        assert str(caught.value) == (
            "The hub cannot be reached, so owner/model was not downloaded. Check the connection "
            "and try again (what has come is kept), or copy the model's folder here and give its "
            "path."
        )


def test_an_unknown_and_a_gated_model_say_what_to_do(hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="The hub knows no model owner/other"):
        download_model("owner/other", confirmed=True, cache_dir=tmp_path)
    hub.gated.add("owner/model")
    with pytest.raises(ModelError, match="asks you to accept its licence first"):
        download_model("owner/model", confirmed=True, cache_dir=tmp_path)
    with pytest.raises(ModelNotFound, match="is no repository id"):
        download_model("not an id", confirmed=True, cache_dir=tmp_path)


def test_a_disk_that_is_too_small_is_said_before_the_weights(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("slava.vlm.download.shutil.disk_usage", lambda _: usage(10, 9, 1000))
    with pytest.raises(ModelError, match="more on the disk and 0 MB are free"):
        download_model("owner/model", confirmed=True, cache_dir=tmp_path)


def test_no_child_outlives_its_parent(hub: FakeHub, tmp_path: Path) -> None:
    import subprocess
    import sys

    hub.stall = threading.Event()
    child = subprocess.Popen(
        [sys.executable, "-m", "slava.vlm.download_child", "fetch", "owner/model", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert child.stdin is not None
    deadline = time.monotonic() + 30
    while not _parts(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    child.stdin.close()
    assert child.wait(10) == 1


def test_where_links_are_not_allowed_a_file_is_kept_once(tmp_path: Path) -> None:
    blobs, folder = tmp_path / "blobs", tmp_path / "snapshot"
    for directory in (blobs, folder):
        directory.mkdir()
    blob = blobs / hashlib.sha256(SAFETENSORS).hexdigest()
    blob.write_bytes(SAFETENSORS)
    (folder / "model.safetensors").write_bytes(SAFETENSORS)
    drop_copies(folder, blobs)
    assert not blob.exists()
    assert (folder / "model.safetensors").exists()
