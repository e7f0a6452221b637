"""FakeTeacher: a server of the OpenAI protocol on this machine, with faults to order.

It speaks chat completions, files and batches over HTTP, counts for every ``Idempotency-Key`` how
often it was paid, and honours the key unless told not to. Faults are taken from a queue, one for
each request that arrives, or by a function.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Fault = Literal[
    "429", "500", "401", "400", "quota", "timeout", "cut", "cut_unpaid", "no_json", "not_openai",
    "empty", "refusal", "refusal_text", "truncated", "wrong_form", "no_usage", "slow", "filter",
]  # fmt: skip
Answer = Callable[[Mapping[str, Any]], str]
"""The content of an answer to a request's body."""


def answer_by_schema(body: Mapping[str, Any]) -> str:
    """Content of the form that the request asks for; its words name the request's text."""
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    words = _text_of(body)
    if schema is None:
        return f"An answer to {words[:60]!r}."
    return json.dumps(_fill(schema, "", hashlib.sha256(words.encode()).hexdigest()[:8]))


def _text_of(body: Mapping[str, Any]) -> str:
    said = []
    for message in body.get("messages", []):
        content = message["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        said += [p["text"] for p in parts if p["type"] == "text"]
    return " ".join(said)


def _fill(schema: Mapping[str, Any], name: str, mark: str) -> Any:
    kind = schema["type"]
    if kind == "object":
        return {k: _fill(v, k, mark) for k, v in schema["properties"].items()}
    if kind == "array":
        return [_fill(schema["items"], name, mark)]
    if kind in ("number", "integer"):
        return 50
    return f"A {name} of {mark}{'?' if name in ('question', 'paraphrases') else '.'}"


@dataclass
class FakeTeacher:
    """Start with ``with FakeTeacher() as teacher:``; ``teacher.url`` ends in ``/v1``."""

    answer: Answer = answer_by_schema
    honours_keys: bool = True
    key: str = "sk-valid"
    """Any other bearer token is answered 401."""
    slow_s: float = 0.3
    retry_after: str = "0"
    tokens: tuple[int, int] = (1000, 300)
    faults: deque[Fault | None] = field(default_factory=deque)
    fault_of: Callable[[str, int], Fault | None] | None = None
    """Of a key and how often it has arrived, from 1."""
    paid: Counter[str] = field(default_factory=Counter)
    arrived: Counter[str] = field(default_factory=Counter)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    polls_until_done: int = 1

    def __post_init__(self) -> None:
        self.guard = threading.RLock()
        self.answers: dict[str, bytes] = {}
        self._at_once = 0
        self.ending = threading.Event()

    # ------------------------------------------------------------------ life
    def __enter__(self) -> Self:
        teacher = self

        class Handler(_Handler):
            fake = teacher

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def order(self, *faults: Fault | None) -> None:
        """The next requests meet these, one each."""
        self.faults.extend(faults)

    def paid_usd(self, read_per_million: float, written_per_million: float) -> float:
        """What it would bill."""
        each = self.tokens[0] * read_per_million + self.tokens[1] * written_per_million
        return sum(self.paid.values()) * each / 1e6

    # ------------------------------------------------------------------ answering
    def next_fault(self, key: str) -> Fault | None:
        with self.guard:
            self.arrived[key] += 1
            if self.fault_of is not None:
                return self.fault_of(key, self.arrived[key])
            return self.faults.popleft() if self.faults else None

    def enter(self) -> None:
        with self.guard:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def leave(self) -> None:
        with self.guard:
            self._at_once -= 1

    def complete(self, key: str, body: Mapping[str, Any], fault: Fault | None) -> bytes:
        """The paid answer; under a key that was paid, the same one again."""
        with self.guard:
            if self.honours_keys and key in self.answers:
                return self.answers[key]
            self.paid[key] += 1
            made = json.dumps(self.completion(body, fault)).encode()
            if fault == "not_openai":
                made = b'{"hello": "world"}'
            self.answers[key] = made
            return made

    def completion(self, body: Mapping[str, Any], fault: Fault | None) -> dict[str, Any]:
        content: str | None = self.answer(body)
        finish, refusal = "stop", None
        if fault == "no_json":
            content = '{"pairs": [{"question": "What'
        elif fault == "wrong_form":
            content = '{"pairs": [{"question": "What?"}]}'
        elif fault == "empty":
            content = ""
        elif fault == "refusal":
            content, refusal = None, "I cannot look at this."
        elif fault == "refusal_text":
            content = "I'm sorry, but I can't help with that."
        elif fault == "truncated":
            content, finish = str(content)[:40], "length"
        elif fault == "filter":
            content, finish = None, "content_filter"
        usage = {"prompt_tokens": self.tokens[0], "completion_tokens": self.tokens[1]}
        usage["total_tokens"] = sum(self.tokens)
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex[:12]}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.get("model", ""),
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": content, "refusal": refusal},
                }
            ],
            **({} if fault == "no_usage" else {"usage": usage}),
        }

    # ------------------------------------------------------------------ batches
    def run_batch(self, batch: dict[str, Any]) -> None:
        lines = self.files[batch["input_file_id"]].decode().splitlines()
        done, failed = [], []
        for line in map(json.loads, lines):
            key, fault = line["custom_id"], self.next_fault(line["custom_id"])
            if fault in ("500", "429"):
                response = {"status_code": int(fault), "body": {"error": {"message": "no"}}}
                failed.append({"custom_id": key, "response": response, "error": None})
                continue
            body = json.loads(self.complete(key, line["body"], fault))
            response = {"status_code": 200, "body": body}
            done.append({"custom_id": key, "response": response, "error": None})
        for name, rows in (("output_file_id", done), ("error_file_id", failed)):
            if rows:
                batch[name] = self.add_file("\n".join(map(json.dumps, rows)).encode())
        batch["status"] = "completed"

    def add_file(self, content: bytes) -> str:
        name = f"file-{uuid.uuid4().hex[:12]}"
        self.files[name] = content
        return name


class _Handler(BaseHTTPRequestHandler):
    fake: FakeTeacher
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        content = self.rfile.read(length)
        if not self._admitted():
            return
        if self.path.endswith("/chat/completions"):
            self.fake.enter()
            try:
                self._chat(json.loads(content))
            finally:
                self.fake.leave()
        elif self.path.endswith("/files"):
            self._say(200, {"id": self._upload(content), "object": "file", "purpose": "batch"})
        elif self.path.endswith("/batches"):
            self._begin_batch(json.loads(content))
        elif self.path.endswith("/cancel"):
            batch = self.fake.batches[self.path.split("/")[-2]]
            batch["status"] = "cancelled"
            self._say(200, batch)
        else:
            self._say(404, {"error": {"message": f"no {self.path}"}})

    def do_GET(self) -> None:
        if not self._admitted():
            return
        place = self.path.split("?")[0].rstrip("/").split("/")
        if place[-1] == "batches":
            listed = list(self.fake.batches.values())[::-1]
            self._say(200, {"object": "list", "data": listed, "has_more": False})
        elif place[-2] == "batches":
            self._say(200, self._poll(place[-1]))
        elif place[-1] == "content":
            self._send(200, self.fake.files[place[-2]], {})
        elif place[-1] == "models":
            self._say(200, {"object": "list", "data": [{"id": "fake", "object": "model"}]})
        else:
            self._say(404, {"error": {"message": f"no {self.path}"}})

    # ------------------------------------------------------------------ chat
    def _chat(self, body: dict[str, Any]) -> None:
        fake, key = self.fake, self.headers.get("idempotency-key") or uuid.uuid4().hex
        with fake.guard:
            fake.bodies.append(body)
            fake.headers.append({k.lower(): v for k, v in self.headers.items()})
        fault = fake.next_fault(key)
        if self._refuse(fault):
            return
        if fault == "cut_unpaid":
            self._cut(b"")
            return
        made = fake.complete(key, body, fault)
        if fault in ("slow", "timeout"):
            fake.ending.wait(fake.slow_s)
        if fault == "cut":
            self._cut(made)
            return
        self._send(200, made, {})

    def _refuse(self, fault: Fault | None) -> bool:
        if fault in ("429", "500", "400", "401"):
            code = int(fault)
            headers = {"Retry-After": self.fake.retry_after} if code == 429 else {}
            words = {401: "Incorrect API key provided: expired.", 429: "Rate limit reached."}
            message = words.get(code, "The server had an error.")
            self._send(code, json.dumps({"error": {"message": message}}).encode(), headers)
        elif fault == "quota":
            error = {"message": "You exceeded your current quota.", "code": "insufficient_quota"}
            self._say(429, {"error": error})
        else:
            return False
        return True

    def _cut(self, made: bytes) -> None:
        """Announce everything, send half, and hang up."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(made) or 1000))
        self.end_headers()
        self.wfile.write(made[: len(made) // 2])
        self.wfile.flush()
        self.close_connection = True

    # ------------------------------------------------------------------ batches
    def _upload(self, content: bytes) -> str:
        boundary = self.headers["content-type"].split("boundary=")[1].encode()
        for part in content.split(b"--" + boundary):
            if b'name="file"' in part:
                return self.fake.add_file(part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n"))
        raise AssertionError("no file came")

    def _begin_batch(self, asked: dict[str, Any]) -> None:
        key = self.headers.get("idempotency-key")
        with self.fake.guard:
            for known in self.fake.batches.values():
                if self.fake.honours_keys and key and known["_key"] == key:
                    self._say(200, known)
                    return
            batch = {
                "id": f"batch_{uuid.uuid4().hex[:12]}",
                "object": "batch",
                "status": "in_progress",
                "created_at": int(time.time()),
                "_key": key,
                "_polls": 0,
                **asked,
            }
            self.fake.batches[batch["id"]] = batch
        self._say(200, batch)

    def _poll(self, batch_id: str) -> dict[str, Any]:
        with self.fake.guard:
            batch = self.fake.batches[batch_id]
            batch["_polls"] += 1
            due = batch["_polls"] > self.fake.polls_until_done
            if batch["status"] == "in_progress" and due:
                self.fake.run_batch(batch)
            return batch

    # ------------------------------------------------------------------ wire
    def _admitted(self) -> bool:
        if self.headers.get("authorization") == f"Bearer {self.fake.key}":
            return True
        self._say(401, {"error": {"message": "Incorrect API key provided.", "code": "bad_key"}})
        return False

    def _say(self, code: int, value: Any) -> None:
        self._send(code, json.dumps(value).encode(), {})

    def _send(self, code: int, content: bytes, headers: Mapping[str, str]) -> None:
        try:
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the other side has gone
            self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True
