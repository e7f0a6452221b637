"""Other programs read what is exported: datasets, pyarrow, and the shapes that are documented."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from slava.exchange.entry import Entry
from slava.exchange.formats import export_pairs
from tests.exchange.samples import EXHIBITS, IDS, pair

ENTRIES = [
    Entry(
        pair("a?", "b", detailed="b, long.", extra={"source": "x"}), "accepted", ("ada",), "train"
    ),
    Entry(pair("c?", "d", IDS[1:3], kind="comparison"), "accepted", ("ada",), "test"),
    Entry(pair("e?", "f", IDS[3:]), "accepted", ("ada",), "validation"),
]
WHOLE = [Entry(entry.pair, entry.state, entry.reviewers) for entry in ENTRIES]

_LOAD = """
import json, sys
from datasets import Dataset, load_dataset
out, cache = sys.argv[1:]
told = {}
frozen = load_dataset("imagefolder", data_dir=f"{out}/imagefolder", cache_dir=cache)
told["imagefolder"] = {part: rows.num_rows for part, rows in frozen.items()}
told["size"] = frozen["train"][0]["image"].size
told["answer"] = frozen["train"][0]["answer"]
rows = Dataset.from_parquet(f"{out}/parquet/data.parquet", cache_dir=cache)
told["parquet"] = [rows[1]["image"].size, len(rows[1]["other_images"]), rows[1]["question"]]
parts = load_dataset("parquet", data_dir=f"{out}/parts", cache_dir=cache)
told["parts"] = {part: rows.num_rows for part, rows in parts.items()}
chats = load_dataset("json", data_files=f"{out}/sharegpt/data.json", cache_dir=cache)["train"]
told["messages"] = chats[0]["messages"]
print(json.dumps(told))
"""


def test_datasets_loads_them(tmp_path: Path) -> None:
    export_pairs("imagefolder", ENTRIES, EXHIBITS, tmp_path / "imagefolder")
    export_pairs("parquet", WHOLE, EXHIBITS, tmp_path / "parquet")
    export_pairs("parquet", ENTRIES, EXHIBITS, tmp_path / "parts")
    export_pairs("sharegpt", WHOLE, EXHIBITS, tmp_path / "sharegpt")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(tmp_path), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1", **offline},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["imagefolder"] == {"train": 1, "validation": 1, "test": 1}
    assert told["parts"] == {"train": 1, "validation": 1, "test": 1}
    assert (told["size"], told["answer"]) == ([16, 12], "b")
    assert told["parquet"] == [[16, 12], 1, "c?"]
    assert told["messages"][0] == {"role": "user", "content": "<image>\na?"}


def test_pyarrow_reads_the_pictures_and_columns(tmp_path: Path) -> None:
    export_pairs("parquet", WHOLE, EXHIBITS, tmp_path)
    table = pq.read_table(tmp_path / "data.parquet")
    assert table.column("question").to_pylist() == ["a?", "c?", "e?"]
    assert table.column("source").to_pylist() == ["x", None, None]
    assert table.column("nm_per_px").to_pylist() == [None, 2.5, 2.5]
    assert table.column("image")[0].as_py()["bytes"] == EXHIBITS[IDS[0]].read_png()


def test_llava_records_have_the_documented_shape(tmp_path: Path) -> None:
    export_pairs("llava", ENTRIES, EXHIBITS, tmp_path)
    records = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert len(records) == 4
    for record in records:
        assert isinstance(record["id"], str)
        images = record["image"] if isinstance(record["image"], list) else [record["image"]]
        for image in images:
            assert "\\" not in image
            assert not PurePosixPath(image).is_absolute()
            with Image.open(tmp_path / image) as opened:
                assert (opened.format, opened.mode, opened.size) == ("PNG", "L", (16, 12))
        said = [message["from"] for message in record["conversations"]]
        assert said == ["human", "gpt"] * (len(said) // 2)
        words = "".join(message["value"] for message in record["conversations"])
        assert words.count("<image>") == len(images)
    train = json.loads((tmp_path / "train.json").read_text(encoding="utf-8"))
    assert train == records[:2]


def test_llama_factory_finds_what_its_dataset_info_promises(tmp_path: Path) -> None:
    export_pairs("sharegpt", ENTRIES, EXHIBITS, tmp_path)
    info = json.loads((tmp_path / "dataset_info.json").read_text(encoding="utf-8"))
    assert sorted(info) == ["slava", "slava_test", "slava_train", "slava_validation"]
    for told in info.values():
        assert told["formatting"] == "sharegpt"
        columns, tags = told["columns"], told["tags"]
        for record in json.loads((tmp_path / told["file_name"]).read_text(encoding="utf-8")):
            messages, images = record[columns["messages"]], record[columns["images"]]
            roles = [message[tags["role_tag"]] for message in messages]
            assert roles == [tags["user_tag"], tags["assistant_tag"]] * (len(roles) // 2)
            words = "".join(message[tags["content_tag"]] for message in messages)
            assert words.count("<image>") == len(images)
            assert all((tmp_path / image).is_file() for image in images)


def test_sixteen_bits_are_stretched_and_eight_are_left_alone(tmp_path: Path) -> None:
    from slava.exchange.png import shown_png

    ramp = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16)
    for grey, same in ((ramp, True), (ramp.astype(np.uint16) * 16, False)):
        (tmp_path / "a.png").write_bytes(shown_png(grey))
        with Image.open(tmp_path / "a.png") as opened:
            pixels = np.asarray(opened)
        assert pixels.dtype == np.uint8
        assert np.array_equal(pixels, ramp) is same
        assert (pixels.min(), pixels.max()) == ((0, 191) if same else (0, 255))
