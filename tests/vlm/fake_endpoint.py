"""A real HTTP server that speaks the OpenAI protocol, with faults to order.

Used by tests in place of vLLM, llama.cpp and the like. Its "model" answers with the words it was
given; its log-probabilities are minus the number of letters of a word.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal[
    "", "cut", "no_end", "garbage", "error_event", "silent", "html", "hang_up", "bad_models"
]


@dataclass
class FakeEndpoint:
    """What the server does; change it between requests."""

    words: tuple[str, ...] = ("Round", " particles", " of", " 40", " nm.")
    models: tuple[str, ...] = ("tiny-vlm",)
    owned_by: str = "vllm"
    fault: Fault = ""
    status: int = 200
    """Answered to a chat instead of an answer when it is not 200."""
    words_before_fault: int = 2
    seconds_per_word: float = 0.0
    seconds_before_headers: float = 0.0
    finish_reason: str = "stop"
    api_key: str = ""
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away in the middle of an answer."""

    @contextmanager
    def serving(self) -> Iterator[FakeEndpoint]:
        """Serve on a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(fake: FakeEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            if self._refused():
                return
            if fake.fault == "bad_models":
                self._send(200, b"<html>It works!</html>", "text/html")
            elif self.path == "/v1/models":
                data = [{"id": name, "owned_by": fake.owned_by} for name in fake.models]
                self._json(200, {"object": "list", "data": data})
            else:
                self._json(404, {"error": {"message": f"no route {self.path}"}})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.requests.append(body)
            if self._refused():
                return
            if fake.status != 200:
                self._json(fake.status, {"error": {"message": "as\nordered."}})
            elif "prompt_logprobs" in body:
                self._json(200, {"choices": [], "prompt_logprobs": _logs(body)})
            else:
                self._answer()

        def _refused(self) -> bool:
            if fake.api_key and self.headers["Authorization"] != f"Bearer {fake.api_key}":
                self._json(401, {"error": {"message": "Incorrect API key"}})
                return True
            return False

        def _answer(self) -> None:
            if fake.fault == "hang_up":
                self.connection.close()
                return
            fake.hung_up.wait(fake.seconds_before_headers)
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                self._events()
            except OSError:
                fake.hung_up.set()

        def _events(self) -> None:
            for index, word in enumerate(fake.words):
                if fake.fault and index == fake.words_before_fault:
                    self._misbehave()
                    return
                self._event({"choices": [{"delta": {"content": word}, "finish_reason": None}]})
                time.sleep(fake.seconds_per_word)
            self._event({"choices": [{"delta": {}, "finish_reason": fake.finish_reason}]})
            self._event({"choices": [], "usage": {"completion_tokens": len(fake.words)}})
            self._chunk(b"data: [DONE]\n\n")
            self._chunk(b"")

        def _misbehave(self) -> None:
            if fake.fault == "cut":
                self.close_connection = True
            elif fake.fault == "no_end":
                self._chunk(b"")
            elif fake.fault == "garbage":
                self._chunk(b"data: {not json\n\n")
            elif fake.fault == "error_event":
                self._event({"error": {"message": "CUDA out of memory", "code": 500}})
            elif fake.fault == "silent":
                fake.hung_up.wait(20)

        def _event(self, event: dict[str, Any]) -> None:
            self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        def _json(self, status: int, payload: dict[str, Any]) -> None:
            self._send(status, json.dumps(payload).encode(), "application/json")

        def _send(self, status: int, data: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _logs(body: dict[str, Any]) -> list[Any]:
    """One entry per word of the chat, the assistant's opening included."""
    words: list[str] = []
    for message in body["messages"]:
        content = message["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        words += ["assistant"] if message["role"] == "assistant" else []
        for part in parts:
            words += part["text"].split() if part["type"] == "text" else ["<picture>"]
    words += ["assistant"] if body.get("add_generation_prompt") else []
    entries = [{str(i): {"logprob": -float(len(word))}} for i, word in enumerate(words)]
    return [None, *entries[1:]]
