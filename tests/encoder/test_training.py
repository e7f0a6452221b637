"""An encoder learns to tell drawn textures apart, repeatably; what goes wrong is said."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253

from slava.errors import BadInput, BadSetting, Cancelled, ModelError, ModelUnusable
from slava.retrieval import open_encoder
from slava.retrieval.collapse import check_spread, likeness
from slava.retrieval.encoder import unit
from slava.retrieval.encoder_folder import is_trained, read_record
from slava.retrieval.network import EncoderNet, NetworkConfig
from slava.retrieval.trained_encoder import TrainedEncoder
from tests.encoder.conftest import QUICK, drawn
from tests.retrieval.textures import KINDS, texture
from training.encoder import EncoderConfig, EncoderProgress
from training.encoder.augment import SUPERVISED, varied
from training.encoder.losses import nt_xent, supervised_contrast
from training.encoder.train import TrainingSet, train_encoder


def knn_right(encoder: TrainedEncoder, library: TrainingSet, queries: TrainingSet) -> float:
    near = encoder.encode(queries.small) @ encoder.encode(library.small).T
    said = [library.labels[row] for row in near.argmax(1)]
    return float(np.mean([a == b for a, b in zip(said, queries.labels, strict=True)]))


def test_fresh_textures_are_told_apart(trained) -> None:
    encoder, _, told = trained
    fresh = drawn(6, start=100)
    assert knn_right(encoder, drawn(12), fresh) >= 0.9
    said = encoder.class_probabilities(encoder.encode(fresh.small))
    assert said.sum(1) == pytest.approx(1)
    assert (
        np.mean([KINDS[k] == y for k, y in zip(said.argmax(1), fresh.labels, strict=True)]) >= 0.9
    )
    assert told[-1].step == told[-1].steps == 40
    assert told[-1].validation is not None


def test_vectors_have_unit_length_whatever_the_size_and_depth(trained) -> None:
    encoder, _, _ = trained
    deep = np.random.default_rng(0).integers(0, 60000, (300, 500)).astype(np.uint16)
    vectors = encoder.encode([deep, texture("dots", 1), texture("dots", 1).astype(np.float32) * 9])
    assert vectors.shape == (3, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[1] @ vectors[2] > 0.999
    assert encoder.encode([]).shape == (0, 32)


def test_the_folder_opens_again_as_it_was(trained) -> None:
    encoder, folder, _ = trained
    assert is_trained(folder)
    again = open_encoder(str(folder))
    assert again.key == encoder.key
    assert again.key.id.startswith("trained:")
    picture = texture("bands", 3)
    assert np.array_equal(again.encode([picture]), encoder.encode([picture]))
    record = read_record(folder)
    assert record.labels == KINDS
    assert len(record.held_out) == 8


def test_the_same_seed_gives_the_same_weights(trained, tmp_path: Path) -> None:
    short = EncoderConfig(size_px=64, dimension=16, samples=64, batch=16)
    one, other = (train_encoder(drawn(4), tmp_path / name, short) for name in "ab")
    assert one.key == other.key


def test_a_damaged_folder_is_refused(trained, tmp_path: Path) -> None:
    _, folder, _ = trained
    told = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(told))
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        TrainedEncoder.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({**told, "format": 9}))
    with pytest.raises(ModelUnusable, match="another version"):
        TrainedEncoder.load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert not is_trained(tmp_path)
    with pytest.raises(ModelUnusable, match="cannot be read"):
        TrainedEncoder.load(tmp_path)


@pytest.mark.parametrize("architecture", ["texture", "patches"])
def test_without_labels_two_views_suffice(tmp_path: Path, one_thread: None, architecture) -> None:
    config = EncoderConfig(
        task="unsupervised",
        architecture=architecture,
        size_px=96,
        dimension=32,
        samples=192,
        batch=16,
    )
    encoder = train_encoder(drawn(6, labelled=False), tmp_path, config)
    assert encoder.labels == ()
    assert read_record(tmp_path).task == "unsupervised"
    assert knn_right(encoder, drawn(6), drawn(3, start=50)) >= (
        0.6 if architecture == "texture" else 0.3
    )


def test_early_stopping_halves_and_ends(tmp_path: Path, one_thread: None) -> None:
    every = drawn(4)
    mixed = TrainingSet(every.small, every.ids, list("abcd" * 4), every.groups)
    config = EncoderConfig(
        size_px=64, dimension=16, samples=640, batch=16, schedule="plateau", patience=1,
        held_out=0.25,
    )  # fmt: skip
    told: list[EncoderProgress] = []
    train_encoder(mixed, tmp_path, config, told.append)
    assert told[-1].step < told[-1].steps


def test_a_stop_writes_nothing(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        train_encoder(drawn(4), tmp_path / "out", QUICK, stop=stop)
    assert not (tmp_path / "out").exists()


def test_too_little_to_learn_from_is_refused(tmp_path: Path) -> None:
    few = TrainingSet([texture("dots", 0)] * 3, list("abc"), list("xyx"), [""] * 3)
    with pytest.raises(BadInput, match="too few"):
        train_encoder(few, tmp_path, QUICK)
    every = drawn(3)
    one = TrainingSet(every.small, every.ids, ["x"] * 12, every.groups)
    with pytest.raises(BadInput, match="at least two classes"):
        train_encoder(one, tmp_path, QUICK)
    bare = TrainingSet(every.small, every.ids, ["x", *[""] * 11], every.groups)
    with pytest.raises(BadInput, match="without a label"):
        train_encoder(bare, tmp_path, QUICK)


@pytest.mark.parametrize(
    "wrong", [{"size_px": 100}, {"batch": 1}, {"learning_rate": 0}, {"samples": 2}]
)
def test_a_config_out_of_range_is_refused(wrong: dict) -> None:
    with pytest.raises(BadSetting):
        EncoderConfig(**wrong)


def test_a_collapse_is_detected() -> None:
    rng = np.random.default_rng(0)
    spread = unit(rng.normal(size=(50, 16)))
    check_spread(spread)
    assert abs(likeness(spread)) < 0.1
    same = unit(np.ones((50, 16)) + rng.normal(0, 1e-3, (50, 16)))
    with pytest.raises(ModelError, match="has collapsed"):
        check_spread(same)
    with pytest.raises(ModelError, match="no numbers"):
        check_spread(np.full((3, 2), np.nan, np.float32))


def test_losses_prefer_what_belongs_together() -> None:
    generator = torch.Generator().manual_seed(0)
    one = torch.nn.functional.normalize(torch.randn(8, 16, generator=generator), dim=1)
    assert nt_xent(one, one, 0.1) < nt_xent(one, one.roll(1, 0), 0.1)
    truth = torch.tensor([0, 0, 1, 1])
    together = torch.eye(2).repeat_interleave(2, 0)
    assert supervised_contrast(together, truth, 0.1) < supervised_contrast(
        together, torch.tensor([0, 1, 0, 1]), 0.1
    )
    assert float(supervised_contrast(together[:1], truth[:1], 0.1)) == 0


def test_views_differ_and_keep_their_measure() -> None:
    generator = torch.Generator().manual_seed(0)
    picture = torch.from_numpy(texture("blobs", 0).astype(np.float32))[None, None].repeat(
        6, 1, 1, 1
    )
    views = varied(picture, 64, SUPERVISED, generator)
    assert views.shape == (6, 1, 64, 64)
    assert views.abs().mean() < 2
    assert not torch.allclose(views[0], views[1], atol=0.1)


@pytest.mark.parametrize("architecture", ["texture", "patches"])
def test_networks_give_unit_vectors(architecture) -> None:
    net = EncoderNet(NetworkConfig(architecture, size_px=96, dimension=32)).eval()
    vectors = net(torch.randn(2, 1, 96, 96))
    assert vectors.shape == (2, 32)
    assert vectors.norm(dim=1).tolist() == pytest.approx([1, 1], abs=1e-4)
