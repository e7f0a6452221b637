"""A real HTTP server on a free port of this machine, for the fakes that speak a protocol."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietHandler(BaseHTTPRequestHandler, ABC):
    """Answers by :meth:`get` and :meth:`post`, and says nothing on the terminal."""

    def do_HEAD(self) -> None:
        self.get()

    def do_GET(self) -> None:
        self.get()

    def do_POST(self) -> None:
        self.post(self.rfile.read(int(self.headers["Content-Length"])))

    @abstractmethod
    def get(self) -> None:
        """Answer a GET, or a HEAD: ``self.command`` tells."""

    def post(self, data: bytes) -> None:
        """Answer a POST of ``data``; a fake without anything to post to says so."""
        self.send_json(405, {"error": f"nothing takes {len(data)} bytes here"}, Allow="GET, HEAD")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def send_json(self, status: int, payload: object, **headers: str) -> None:
        self.send_body(status, json.dumps(payload).encode(), "application/json", **headers)

    def send_body(self, status: int, data: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def serving(handler: type[QuietHandler], fake: object) -> Iterator[str]:
    """Serve until the end of the block; yield the address. ``fake`` is told to the handlers."""
    bound = type(handler.__name__, (handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
