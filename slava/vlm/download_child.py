"""The one process that talks to the hub: ``python -m slava.vlm.download_child VERB ID [CACHE]``.

The app keeps hub look-ups switched off for itself; this child lifts the switch for one download
that the user agreed to. It prints one JSON object per line and ends when its standard input is
closed, so that it never outlives the app.

A large file is fetched into ``<sha256>.part`` and resumed there, also by a later process; only a
file whose SHA-256 is right becomes part of the cache.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slava.vlm.model_folder import UNWANTED_FILES, WANTED_FILES

_BLOCK_BYTES = 1 << 16
_SILENCE_SECONDS = 30.0
_TRIES = 4
"""Attempts without a single byte before a download is given up."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository."""

    path: str
    size: int
    sha256: str | None
    """Of large files; small ones are named by their git hash alone."""


def main(arguments: list[str]) -> int:
    """``size`` prints the bytes of a download, ``fetch`` makes it."""
    verb, reference, *rest = arguments
    cache = Path(rest[0]) if rest and rest[0] else None
    _go_online()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _say(_size(reference) if verb == "size" else _fetch(reference, cache))
    except Exception as error:
        _say({"error": _kind(error), "text": _one_line(error)})
        return 1
    return 0


def _go_online() -> None:
    """Before the hub library is imported. Plain HTTP, because that can be resumed."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ.pop(name, None)
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ["HF_HUB_DISABLE_XET"] = "1"


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _say(record: dict[str, Any]) -> None:
    print(json.dumps(record), flush=True)


def _size(reference: str) -> dict[str, Any]:
    _, files = _list(reference)
    return {"size": sum(file.size for file in files)}


def _fetch(reference: str, cache: Path | None) -> dict[str, Any]:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.file_download import repo_folder_name

    commit, files = _list(reference)
    root = cache or Path(constants.HF_HUB_CACHE)
    blobs = root / repo_folder_name(repo_id=reference, repo_type="model") / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    _say({"blobs": str(blobs), "size": sum(file.size for file in files)})
    for file in files:
        if file.sha256 is not None:
            _fetch_large(reference, commit, file, blobs)
    folder = snapshot_download(
        reference,
        cache_dir=cache,
        allow_patterns=list(WANTED_FILES),
        ignore_patterns=list(UNWANTED_FILES),
        max_workers=2,
    )
    drop_copies(Path(folder), blobs)
    return {"folder": folder}


def drop_copies(folder: Path, blobs: Path) -> None:
    """Where links are not allowed (Windows) the cache holds copies: keep each file once."""
    for file in folder.glob("*.safetensors"):
        if not file.is_symlink():
            (blobs / _sha256(file)).unlink(missing_ok=True)


def _list(reference: str) -> tuple[str, list[RemoteFile]]:
    """The newest commit and the files that a download fetches."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile
    from huggingface_hub.utils import filter_repo_objects

    api = HfApi()
    commit = str(api.repo_info(reference).sha)
    tree = api.list_repo_tree(reference, recursive=True, revision=commit)
    files = [
        RemoteFile(entry.path, entry.size, entry.lfs.sha256 if entry.lfs else None)
        for entry in tree
        if isinstance(entry, RepoFile)
    ]
    wanted = filter_repo_objects(
        files,
        allow_patterns=list(WANTED_FILES),
        ignore_patterns=list(UNWANTED_FILES),
        key=lambda file: file.path,
    )
    return commit, list(wanted)


def _fetch_large(reference: str, commit: str, file: RemoteFile, blobs: Path) -> None:
    """Fetch into ``<sha256>.part`` from where it stands, check, and put it in its place."""
    from huggingface_hub import hf_hub_url

    blob = blobs / str(file.sha256)
    if blob.exists():
        return
    part = blob.with_suffix(".part")
    _complete(hf_hub_url(reference, file.path, revision=commit), part, file.size)
    if part.stat().st_size != file.size or _sha256(part) != file.sha256:
        part.unlink()
        raise ValueError(f"{file.path} arrived damaged (its SHA-256 is wrong); it was removed")
    part.replace(blob)


def _complete(url: str, part: Path, size: int) -> None:
    """Append to ``part`` until it has ``size`` bytes, taking a broken connection up again."""
    import httpx

    part.touch()
    fruitless = 0
    while (begin := part.stat().st_size) < size:
        try:
            _append(url, part, begin)
        except httpx.TransportError:
            fruitless = 0 if part.stat().st_size > begin else fruitless + 1
            if fruitless > _TRIES:
                raise
            time.sleep(fruitless)


def _append(url: str, part: Path, begin: int) -> None:
    import httpx
    from huggingface_hub.utils import build_hf_headers

    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if begin:
        headers["Range"] = f"bytes={begin}-"
    with httpx.stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=_SILENCE_SECONDS
    ) as answer:
        if answer.status_code in (401, 403):
            raise PermissionError(url)
        answer.raise_for_status()
        with part.open("ab" if answer.status_code == 206 else "wb") as stream:
            for block in answer.iter_raw():
                stream.write(block)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _kind(error: BaseException) -> str:
    """What went wrong, in one of the words that the parent explains."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    if isinstance(error, (GatedRepoError, PermissionError)) and not getattr(error, "errno", None):
        return "gated"
    if isinstance(error, (RepositoryNotFoundError, HFValidationError)):
        return "unknown"
    if isinstance(error, LocalEntryNotFoundError) or _is_transport(error):
        return "unreachable"
    if isinstance(error, OSError) and error.errno is not None:
        return "disk"
    return "damaged" if isinstance(error, ValueError) else "other"


def _is_transport(error: BaseException) -> bool:
    """Whether the connection failed, whichever HTTP library the hub's own library uses."""
    module = type(error).__module__.split(".")[0]
    status = getattr(getattr(error, "response", None), "status_code", None)
    return (module in {"httpx", "httpx2"} and status is None) or (status or 0) >= 500


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
