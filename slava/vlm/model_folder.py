"""A model as files: where a reference leads, and whether what lies there can be loaded at all.

It answers before anything heavy is imported and never asks the network: a repository id resolves
only to what is already in the local cache. It knows nothing of torch or transformers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slava.errors import ModelNeedsDownload, ModelNotFound, ModelUnusable

REPOSITORY_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w][\w.-]*")
WANTED_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "README.md", "LICENSE*")
"""What a download fetches of a repository: never pickles, never code."""
UNWANTED_FILES = ("*/*", "consolidated*.safetensors")
"""Subfolders hold other formats, ``consolidated`` the same weights again in Mistral's layout."""
_FOREIGN = {
    ".bin": "PyTorch pickles, which can run code while they load",
    ".pt": "PyTorch pickles, which can run code while they load",
    ".pth": "PyTorch pickles, which can run code while they load",
    ".gguf": "GGUF weights: serve them with llama.cpp or Ollama and give the server's URL instead",
    ".msgpack": "Flax weights",
    ".h5": "TensorFlow weights",
}
_WEIGHTS = {".safetensors", *_FOREIGN}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that holds a loadable model."""

    id: str
    """The folder's path, or the repository id it was found under."""
    path: Path
    config: Mapping[str, Any]
    """``config.json`` as it stands."""
    weights: tuple[Path, ...]
    """The safetensors files, sorted."""
    licence: str = ""
    """As its model card says; empty when it says nothing."""

    @property
    def name(self) -> str:
        return self.id.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def model_type(self) -> str:
        return str(self.config.get("model_type", ""))


def find_model(reference: str | Path, *, cache_dir: Path | None = None) -> ModelFolder:
    """Find the model behind a local folder or a repository id, without asking the network.

    Parameters
    ----------
    reference
        A folder, or ``owner/name`` of a repository that is already in the local cache.
    cache_dir
        Another cache than the hub library's own.

    Raises
    ------
    ModelNotFound
        If it is neither a folder nor an id.
    ModelNeedsDownload
        If it is an id whose files are not, or not all, on this machine.
    ModelUnusable
        If the files cannot be loaded: no safetensors, code of its own, a missing part.
    """
    path = Path(reference).expanduser()
    if path.is_dir():
        return _inspect(path, str(reference))
    if path.exists():
        raise ModelUnusable(
            f"{path.name} is a file, not a model folder. "
            "Give the folder that holds config.json and the *.safetensors files."
        )
    if not REPOSITORY_ID.fullmatch(str(reference)):
        raise ModelNotFound(
            f"{reference} is neither a folder on this machine, nor a repository id "
            "(owner/name), nor a URL. Check the spelling, or list what there is: slava models"
        )
    return _cached(str(reference), cache_dir)


def _cached(reference: str, cache_dir: Path | None) -> ModelFolder:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(
            reference,
            local_files_only=True,
            cache_dir=cache_dir,
            allow_patterns=list(WANTED_FILES),
            ignore_patterns=list(UNWANTED_FILES),
        )
        folder = Path(found)
        complete = (folder / "config.json").is_file() and not _missing_parts(folder)
        complete = complete and any(file.suffix in _WEIGHTS for file in folder.iterdir())
    except LocalEntryNotFoundError:
        complete = False
    if not complete:
        raise ModelNeedsDownload(reference, _recommended_size(reference))
    return _inspect(folder, reference)


def _recommended_size(reference: str) -> int | None:
    """The download in bytes, about, where the catalogue knows it: the hub is not asked here."""
    from slava.vlm.catalogue import find_recommended

    entry = find_recommended(reference)
    return None if entry is None else int(entry.download_gb * 1e9)


def _inspect(folder: Path, reference: str) -> ModelFolder:
    config = _read_config(folder)
    _refuse_own_code(folder, config)
    missing = _missing_parts(folder)
    if missing:
        raise ModelUnusable(
            f"{folder.name} lacks {missing[0]}, which its index names"
            f"{f' (and {len(missing) - 1} more)' if len(missing) > 1 else ''}. "
            "Copy or download the folder again."
        )
    weights = tuple(sorted(folder.glob("*.safetensors")))
    if not weights:
        raise ModelUnusable(_no_weights(folder))
    return ModelFolder(reference, folder, config, weights, _licence(folder))


def read_json(path: Path) -> Any:
    """Parse a small JSON file of a model folder; ModelUnusable when it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(
            f"{path.parent.name}: {path.name} cannot be read ({error}). "
            "Copy or download the folder again."
        ) from error


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelUnusable(
            f"{folder.name} holds no config.json, so it is no model folder. "
            "Give the folder that holds config.json and the *.safetensors files."
        )
    config = read_json(path)
    if not isinstance(config, dict) or not config.get("model_type"):
        raise ModelUnusable(
            f"{folder.name}: config.json names no model_type. "
            "It needs to be a Hugging Face image-text-to-text model."
        )
    return config


def _refuse_own_code(folder: Path, config: Mapping[str, Any]) -> None:
    if "auto_map" in config:
        raise ModelUnusable(
            f"{folder.name} asks to run program code that comes with its weights (auto_map), "
            "which sLAVA never does. Choose a port that transformers knows by itself, "
            "for example one whose name ends in -hf."
        )


def _missing_parts(folder: Path) -> list[str]:
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return []
    parts = set(read_json(index).get("weight_map", {}).values())
    return sorted(part for part in parts if not (folder / part).is_file())


def _no_weights(folder: Path) -> str:
    for file in sorted(folder.iterdir()):
        reason = _FOREIGN.get(file.suffix.lower())
        if reason:
            return (
                f"{folder.name} holds {file.name} but no *.safetensors: {reason}. "
                "sLAVA loads safetensors only; get the model in that format."
            )
    return (
        f"{folder.name} holds a config.json but no weights (*.safetensors). "
        "Copy or download the folder again."
    )


def _licence(folder: Path) -> str:
    card = folder / "README.md"
    if not card.is_file():
        return ""
    head = card.read_text(encoding="utf-8", errors="replace")[:4000]
    front = re.match(r"---\s*\n(.*?)\n---", head, re.DOTALL)
    found = re.search(r"^license:\s*(\S.*)$", front.group(1) if front else "", re.MULTILINE)
    return found.group(1).strip().strip("\"'") if found else ""
