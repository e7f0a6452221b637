"""The OpenAI protocol as bytes and text: addresses, pictures, events, and a line to cut.

What a server says is taken apart here; its faults get their words in
:mod:`slava.vlm.endpoint_faults`.
"""

from __future__ import annotations

import base64
import io
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import numpy as np

from slava.errors import BadSetting, EndpointFailed, ModelError
from slava.vlm.backbone import Finish, Message, View

LONGEST_SIDE_PX = 2048
"""Pictures are scaled down to this before they are sent."""
_POLL_SECONDS = 0.1
_LONGEST_LINE = 4_000_000


class Line:
    """The connection of one answer, which a stop cuts wherever a read may be waiting."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._done = threading.Event()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Told by httpx of every step; keeps the newest socket."""
        if name.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")

    @contextmanager
    def cut_on(self, stop: threading.Event) -> Iterator[None]:
        """Cut the connection as soon as ``stop`` is set."""
        watcher = threading.Thread(
            target=self._watch, args=(stop,), name="slava-endpoint-stop", daemon=True
        )
        watcher.start()
        try:
            yield
        finally:
            self._done.set()
            watcher.join()

    def _watch(self, stop: threading.Event) -> None:
        while not self._done.is_set():
            if stop.wait(_POLL_SECONDS) and self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                return


def checked_url(base_url: str) -> httpx.URL:
    """``base_url`` parsed, with ``/v1`` where it has no path; BadSetting when it cannot serve."""
    try:
        url = httpx.URL(base_url.strip())
    except httpx.InvalidURL as error:
        raise BadSetting(f"{base_url!r} is not a URL ({error}).") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise BadSetting(
            f"{base_url!r} is not an http or https URL. Give one like http://127.0.0.1:8000/v1."
        )
    if url.userinfo:
        raise BadSetting(
            "The URL of an endpoint must not carry a name and password; give an API key instead."
        )
    path = url.path.rstrip("/") or "/v1"
    return url.copy_with(path=path, query=None, fragment=None)


def served_models(response: httpx.Response) -> list[dict[str, Any]]:
    """The entries of a list of models; EndpointFailed when it is none."""
    payload = json_or_none(response)
    entries = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        raise EndpointFailed(
            f"{response.url.host} does not list models as the OpenAI protocol does. "
            "Check the URL, which often ends in /v1."
        )
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("id")]


def as_sent(view: View, budget: int | None) -> Any:
    """The grey picture that is sent, scaled down to ``LONGEST_SIDE_PX`` or to the budget.

    Servers differ in what a token covers; 28 x 28 pixels (Qwen-VL) is assumed.
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(view.pixels))
    side = LONGEST_SIDE_PX
    if budget is not None:
        area = picture.width * picture.height
        side = min(side, int(max(picture.size) * (budget * 28 * 28 / area) ** 0.5))
    if max(picture.size) > side:
        picture.thumbnail((max(side, 28),) * 2, Image.Resampling.LANCZOS)
    return picture


def data_url(picture: Any) -> str:
    """A picture as a lossless PNG inside a URL."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def as_content(message: Message, pictures: Sequence[str]) -> dict[str, Any]:
    """One message of the protocol; ``pictures`` are the data URLs of all micrographs."""
    if not message.micrographs:
        return {"role": message.role, "content": message.text}
    wrong = [index for index in message.micrographs if not 0 <= index < len(pictures)]
    if wrong:
        raise ModelError(
            f"A message shows micrograph {wrong[0]}, but {len(pictures)} were given. "
            "Give every micrograph that the messages name."
        )
    shown = [
        {"type": "image_url", "image_url": {"url": pictures[index]}}
        for index in message.micrographs
    ]
    return {"role": message.role, "content": [*shown, {"type": "text", "text": message.text}]}


def bounded_lines(response: httpx.Response) -> Iterator[str]:
    """Lines of an event stream, bounded in length."""
    for line in response.iter_lines():
        if len(line) > _LONGEST_LINE:
            raise EndpointFailed(
                f"{response.url.host} sent a line of {len(line)} characters. "
                "This is not the OpenAI protocol; check the URL."
            )
        yield line.strip()


def text_and_finish(event: Mapping[str, Any]) -> tuple[str, Finish | None]:
    """Text and reason to finish of one event."""
    choices = event.get("choices") or [{}]
    choice = choices[0] if isinstance(choices[0], dict) else {}
    text = (choice.get("delta") or {}).get("content") or ""
    reason = choice.get("finish_reason")
    finish: Finish | None = None
    if reason:
        finish = "length" if reason == "length" else "end"
    return str(text), finish


def first_log(entry: Any) -> float:
    """``{token id: {"logprob": x, ...}}`` as vLLM gives it; the prompt's own token comes first."""
    if not isinstance(entry, dict) or not entry:
        return 0.0
    return float(next(iter(entry.values()))["logprob"])


def json_or_none(response: httpx.Response) -> Any:
    """The body parsed, or None when it is no JSON."""
    try:
        return response.json()
    except ValueError:
        return None
