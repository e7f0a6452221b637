"""A real HTTP server that speaks as much of the hub's protocol as a download needs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from tests.vlm.local_server import QuietHandler, serving

COMMIT = "a" * 40
LARGE_BYTES = 1000
"""Files from this size on are kept as large files, with a SHA-256."""


@dataclass
class FakeHub:
    """Repositories by name, each a mapping from path to bytes, and faults to order."""

    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cut_after_bytes: int | None = None
    """Breaks large files off after so many bytes of one response."""
    cuts_left: int = 1_000_000
    damaged: bool = False
    """Sends large files with one byte changed."""
    stall: threading.Event | None = None
    """Holds large files back in the middle until it is set."""
    url: str = ""
    ranges: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[FakeHub]:
        """Serve on a free port of this machine."""
        with serving(_Handler, self) as self.url:
            try:
                yield self
            finally:
                if self.stall:
                    self.stall.set()


class _Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeHub

    def get(self) -> None:
        parts = unquote(urlsplit(self.path).path).strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        owner_name = "/".join(parts[2:4] if api else parts[:2])
        files = self.fake.repositories.get(owner_name)
        if files is None:
            self.send_json(401, {"error": "Repository not found"}, X_Error_Code="RepoNotFound")
        elif owner_name in self.fake.gated:
            self.send_json(403, {"error": "Access is restricted"}, X_Error_Code="GatedRepo")
        elif api and len(parts) > 4 and parts[4] == "tree":
            self.send_json(200, [_entry(path, data) for path, data in files.items()])
        elif api:
            self.send_json(200, {"id": owner_name, "sha": COMMIT, "siblings": []})
        else:
            self._file("/".join(parts[4:]), files)

    def _file(self, path: str, files: dict[str, bytes]) -> None:
        data = files[path]
        entry = _entry(path, data)
        large = entry.get("lfs")
        etag = large["oid"] if isinstance(large, dict) else entry["oid"]
        if large and self.fake.damaged:
            data = data[:-1] + bytes([data[-1] ^ 1])
        begin = self._headers(f'"{etag}"', len(data))
        if self.command != "HEAD":
            self.fake.served.append(path)
            self._body(data[begin:], large=bool(large))

    def _headers(self, etag: str, size: int) -> int:
        """Send the headers of a file; return the byte from which on it is wanted."""
        begin, asked = 0, self.headers.get("Range")
        if asked:
            self.fake.ranges.append(asked)
            begin = int(asked.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if asked else 200)
        self.send_header("ETag", etag)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(size - begin))
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
        self.end_headers()
        return begin

    def _body(self, data: bytes, *, large: bool) -> None:
        if large and self.fake.cut_after_bytes is not None and self.fake.cuts_left > 0:
            self.fake.cuts_left -= 1
            self.wfile.write(data[: self.fake.cut_after_bytes])
            self.close_connection = True
        elif large and self.fake.stall is not None:
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.fake.stall.wait(30)
        else:
            self.wfile.write(data)


def _entry(path: str, data: bytes) -> dict[str, object]:
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": git}
    if len(data) >= LARGE_BYTES:
        sha256 = hashlib.sha256(data).hexdigest()
        entry["lfs"] = {"oid": sha256, "size": len(data), "pointerSize": 130}
    return entry
