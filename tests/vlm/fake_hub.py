"""A real HTTP server that speaks as much of the hub's protocol as a download needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

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
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            if self.stall:
                self.stall.set()
            server.shutdown()
            server.server_close()
            thread.join()


def _entry(path: str, data: bytes) -> dict[str, object]:
    git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": git}
    if len(data) >= LARGE_BYTES:
        sha256 = hashlib.sha256(data).hexdigest()
        entry["lfs"] = {"oid": sha256, "size": len(data), "pointerSize": 130}
    return entry


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self._route(head=True)

        def do_GET(self) -> None:
            self._route(head=False)

        def _route(self, *, head: bool) -> None:
            parts = unquote(urlsplit(self.path).path).strip("/").split("/")
            api = parts[:2] == ["api", "models"]
            owner_name = "/".join(parts[2:4] if api else parts[:2])
            files = hub.repositories.get(owner_name)
            if files is None:
                self._json(401, {"error": "Repository not found"}, "RepoNotFound")
            elif owner_name in hub.gated:
                self._json(403, {"error": "Access is restricted"}, "GatedRepo")
            elif api and len(parts) > 4 and parts[4] == "tree":
                self._json(200, [_entry(path, data) for path, data in files.items()])
            elif api:
                self._json(200, {"id": owner_name, "sha": COMMIT, "siblings": []})
            else:
                self._file("/".join(parts[4:]), files, head=head)

        def _file(self, path: str, files: dict[str, bytes], *, head: bool) -> None:
            data = files[path]
            entry = _entry(path, data)
            large = entry.get("lfs")
            etag = large["oid"] if isinstance(large, dict) else entry["oid"]
            if large and hub.damaged:
                data = data[:-1] + bytes([data[-1] ^ 1])
            begin = 0
            if asked := self.headers.get("Range"):
                hub.ranges.append(asked)
                begin = int(asked.removeprefix("bytes=").split("-")[0])
            self.send_response(206 if asked else 200)
            self.send_header("ETag", f'"{etag}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(data) - begin))
            if asked:
                self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
            self.end_headers()
            if not head:
                hub.served.append(path)
                self._body(data[begin:], large=bool(large))

        def _body(self, data: bytes, *, large: bool) -> None:
            if large and hub.cut_after_bytes is not None and hub.cuts_left > 0:
                hub.cuts_left -= 1
                self.wfile.write(data[: hub.cut_after_bytes])
                self.close_connection = True
                return
            if large and hub.stall is not None:
                self.wfile.write(data[: len(data) // 2])
                self.wfile.flush()
                hub.stall.wait(30)
                return
            self.wfile.write(data)

        def _json(self, status: int, payload: object, code: str = "") -> None:
            data = json.dumps(payload).encode()
            self.send_response(status)
            if code:
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

    return Handler
