"""What a reference leads to, and what is refused before anything heavy is imported."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from slava.domain.conversation import Quantization
from slava.errors import ModelDoesNotFit, ModelNeedsDownload, ModelNotFound, ModelUnusable
from slava.vlm import memory
from slava.vlm.backbone import View
from slava.vlm.memory import count_weights, estimate
from slava.vlm.model_folder import find_model
from slava.vlm.transformers_backbone import TransformersBackbone
from tests.vlm.conftest import Maker


@pytest.fixture
def llava(checkpoint: Maker, tmp_path: Path) -> Path:
    """A copy of a checkpoint that a test may break."""
    return Path(shutil.copytree(checkpoint("llava"), tmp_path / "my-llava"))


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_folder_is_found_with_its_licence(llava: Path) -> None:
    (llava / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n")
    found = find_model(llava)
    assert (found.name, found.model_type, found.licence) == ("my-llava", "llava", "apache-2.0")
    assert [file.name for file in found.weights] == ["model.safetensors"]


@pytest.mark.parametrize("reference", ["no-such-thing", "/no/such/folder", "a/b/c", "C:\\x"])
def test_what_is_nothing_is_not_found(reference: str) -> None:
    with pytest.raises(ModelNotFound, match="is neither a folder on this machine, nor a repo"):
        find_model(reference)


def test_a_repository_that_is_not_cached_needs_a_download(tmp_path: Path) -> None:
    with pytest.raises(ModelNeedsDownload) as caught:
        find_model("owner/name", cache_dir=tmp_path)
    assert caught.value.size_bytes is None
    with pytest.raises(ModelNeedsDownload) as caught:
        find_model("Qwen/Qwen3-VL-2B-Instruct", cache_dir=tmp_path)
    assert caught.value.size_bytes == 4_300_000_000, "as the catalogue says"


def test_a_file_is_no_folder(llava: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"model\.safetensors is a file, not a model folder"):
        find_model(llava / "model.safetensors")


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"holds no config\.json, so it is no model folder"):
        find_model(tmp_path)
    (tmp_path / "config.json").write_text("{not json")
    with pytest.raises(ModelUnusable, match=r"config\.json cannot be read"):
        find_model(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(ModelUnusable, match="names no model_type"):
        find_model(tmp_path)


def test_a_folder_without_weights(llava: Path) -> None:
    (llava / "model.safetensors").unlink()
    with pytest.raises(ModelUnusable) as caught:
        find_model(llava)
    assert str(caught.value) == (
        "my-llava holds a config.json but no weights (*.safetensors). "
        "Copy or download the folder again."
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [("pytorch_model.bin", "pickles, which can run code"), ("model-q4.gguf", "with llama.cpp")],
)
def test_weights_in_another_format_are_refused(llava: Path, name: str, reason: str) -> None:
    (llava / "model.safetensors").rename(llava / name)
    with pytest.raises(ModelUnusable, match=reason):
        find_model(llava)


def test_a_missing_part_is_named(llava: Path) -> None:
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model.safetensors"}}
    (llava / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelUnusable, match=r"lacks model-00001-of-00002\.safetensors, which its"):
        find_model(llava)


def test_code_that_comes_with_weights_never_runs(llava: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    (llava / "evil.py").write_text(f"open({str(mark)!r}, 'w')\n")
    change_config(llava, auto_map={"AutoModelForImageTextToText": "evil.Model"})
    with pytest.raises(ModelUnusable, match="asks to run program code that comes with"):
        TransformersBackbone.load(llava)
    assert not mark.exists()


def test_code_named_by_a_processor_never_runs(llava: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    (llava / "evil.py").write_text(f"open({str(mark)!r}, 'w')\n")
    path = llava / "processor_config.json"
    config = json.loads(path.read_text())
    config |= {"processor_class": "Evil", "auto_map": {"AutoProcessor": "evil.Evil"}}
    path.write_text(json.dumps(config))
    with pytest.raises(ModelUnusable):
        TransformersBackbone.load(llava)
    assert not mark.exists()


def test_weights_that_are_cut_short(llava: Path) -> None:
    weights = llava / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelUnusable, match=r"model\.safetensors is cut short, \d+ of \d+ bytes"):
        TransformersBackbone.load(llava)


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"version https://git-lfs.github.com/spec/v1\n" * 9, b"\xff" * 64]
)
def test_weights_that_are_no_weights(llava: Path, content: bytes) -> None:
    (llava / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"is not a safetensors file"):
        TransformersBackbone.load(llava)


def test_a_model_of_another_kind(llava: Path) -> None:
    change_config(llava, model_type="bert")
    with pytest.raises(ModelUnusable, match="is of the kind bert, which is no image-text-to-text"):
        TransformersBackbone.load(llava)


def test_a_folder_without_a_processor(llava: Path) -> None:
    for name in ("processor_config.json", "preprocessor_config.json", "tokenizer_config.json"):
        (llava / name).unlink(missing_ok=True)
    (llava / "tokenizer.json").unlink()
    with pytest.raises(ModelUnusable) as caught:
        TransformersBackbone.load(llava)
    assert "\n" not in str(caught.value)


def test_weights_that_do_not_go_with_the_config(llava: Path) -> None:
    config = json.loads((llava / "config.json").read_text())
    config["text_config"]["hidden_size"] = 256
    (llava / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelUnusable, match="its weights cannot be loaded"):
        TransformersBackbone.load(llava)


def test_a_foreign_quantization_is_refused(llava: Path) -> None:
    change_config(llava, quantization_config={"quant_method": "gptq", "bits": 4})
    with pytest.raises(ModelUnusable, match="is stored quantized with gptq, which sLAVA does not"):
        TransformersBackbone.load(llava)


def test_a_model_without_a_chat_template_says_so(llava: Path, views: list[View]) -> None:
    from slava.vlm.backbone import GenerationSettings, Message

    (llava / "chat_template.jinja").unlink()
    loaded = TransformersBackbone.load(llava, device="cpu")
    assert loaded.report().notice.startswith("This model brings no chat template")
    talk = [Message("system", "You look."), Message("user", "What?", (0,))]
    prompt = loaded._prompter.prepare(talk, views, GenerationSettings())
    assert prompt.text == "You look.\nUser: <image>\nWhat?\nAssistant:"
    assert list(loaded.stream(talk, views, GenerationSettings(max_new_tokens=4)))[-1].finish
    loaded.close()


def test_a_template_that_knows_no_system_gets_it_in_the_question(
    llava: Path, views: list[View]
) -> None:
    from slava.vlm.backbone import GenerationSettings, Message

    path = llava / "chat_template.jinja"
    refusal = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    path.write_text(refusal + path.read_text())
    loaded = TransformersBackbone.load(llava, device="cpu")
    talk = [Message("system", "You look."), Message("user", "What?", (0,))]
    prompt = loaded._prompter.prepare(talk, views, GenerationSettings())
    assert prompt.text == "USER: <image>\nYou look.\n\nWhat? ASSISTANT:"
    loaded.close()


# ------------------------------------------------------------------------------- memory
@pytest.mark.parametrize(
    ("name", "quantization"),
    [
        *itertools.product(["qwen2_5_vl", "llava"], ["none", "int8", "nf4"]),
        *((name, "nf4") for name in ("idefics3", "llava_onevision", "qwen3_vl", "internvl")),
        *((name, "nf4") for name in ("gemma3", "pixtral")),
    ],
)
def test_the_estimate_of_the_weights_is_what_they_take(
    checkpoint: Maker, name: str, quantization: Quantization
) -> None:
    folder = find_model(checkpoint(name))
    said = estimate(folder, quantization).weights
    loaded = TransformersBackbone.load(folder.path, quantization=quantization, device="cpu")
    held = loaded.report().memory_bytes
    loaded.close()
    assert said == pytest.approx(held, rel=0.03)


def test_parameters_are_counted_from_headers_alone(checkpoint: Maker) -> None:
    from transformers import AutoModelForImageTextToText

    folder = checkpoint("idefics3")
    count = count_weights(find_model(folder).weights)
    model = AutoModelForImageTextToText.from_pretrained(folder)
    assert count.parameters == sum(p.numel() for p in model.parameters())
    assert count.stored_item_bytes == 4
    assert 0 < count.quantizable < count.parameters


def test_a_model_that_does_not_fit_is_refused_before_loading(
    llava: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = find_model(llava)
    free = estimate(folder, "nf4").total + 1
    monkeypatch.setattr("slava.vlm.loading.free_memory", lambda device: free)
    monkeypatch.setattr("slava.vlm.loading._load_model", lambda *_: pytest.fail("was loaded"))
    with pytest.raises(ModelDoesNotFit) as caught:
        TransformersBackbone.load(llava, device="cpu")
    assert str(caught.value) == (
        "my-llava (none) needs about 3 MB of memory and 2 MB are free on cpu. "
        "Choose nf4 (about 2 MB), a smaller model, or close programs."
    )
    monkeypatch.setattr("slava.vlm.loading.free_memory", lambda device: 1000)
    with pytest.raises(ModelDoesNotFit, match=r"Choose a smaller model, or close other"):
        TransformersBackbone.load(llava, device="cpu")


def test_free_memory_is_asked_of_the_machine() -> None:
    assert memory.free_memory("cpu") > 1e8


def test_looking_at_a_folder_imports_no_torch(llava: Path) -> None:
    code = (
        "import sys; from slava.vlm.model_folder import find_model; "
        "from slava.vlm.memory import estimate, free_memory; "
        f"print(estimate(find_model({str(llava)!r}), 'nf4').total < free_memory('cpu')); "
        "from slava.vlm.catalogue import list_models; list_models(); "
        "import slava.vlm.endpoint_backbone, slava.vlm.download; "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["True", "False", "False"]
