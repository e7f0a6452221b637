"""A model that somebody serves over the OpenAI protocol: vLLM, llama.cpp, Ollama, LM Studio.

It sends the micrographs as PNG inside the request and reads the answer as server-sent events.
Nothing is retried: a fault is told, with what had come by then still on the screen. It knows no
torch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.errors import ModelError
from slava.vlm.backbone import Chunk, Finish, GenerationSettings, Message, Report, Seen, View
from slava.vlm.endpoint_client import EndpointClient
from slava.vlm.endpoint_wire import as_content, as_sent, data_url, first_log, text_and_finish

SILENCE_SECONDS = 120.0
"""The longest wait for the next piece of an answer."""


class EndpointBackbone:
    """One served model.

    Parameters
    ----------
    base_url
        ``http://127.0.0.1:8000/v1``; ``/v1`` is added where the path is empty.
    model
        The served model's name; not needed where only one is served.
    api_key
        Sent as a bearer token, never shown.
    timeout
        Seconds of silence after which an answer is given up.

    Raises
    ------
    BadSetting
        If the URL is not http or https, or carries a name and password; if no header can carry
        the key.
    EndpointFailed
        If nothing answers there, or it does not serve ``model``.
    """

    def __init__(
        self,
        base_url: str,
        model: str | None = None,
        api_key: str | None = None,
        timeout: float = SILENCE_SECONDS,
    ) -> None:
        self._client = EndpointClient(base_url, api_key, timeout)
        try:
            self._model, self._facts = self._choose(model)
        except BaseException:
            self.close()
            raise

    def report(self) -> Report:
        """What it is. Its memory is the server's."""
        where = self._client.where
        away = f"Micrographs and questions leave this machine: they are sent to {where}."
        length = self._facts.get("max_model_len")
        return Report(
            id=f"{self._client.url}#{self._model}",
            name=self._model,
            kind="endpoint",
            quantization="none",
            device=where,
            context_tokens=length if isinstance(length, int) else None,
            can_score=self._can_score,
            notice="" if self._client.is_loopback else away,
        )

    @property
    def reported(self) -> Mapping[str, Any]:
        """What the server says of the model in its list."""
        return self._facts

    @property
    def _can_score(self) -> bool:
        """vLLM alone returns the log-probabilities of a prompt's tokens."""
        return self._facts.get("owned_by") == "vllm"

    def seen(self, view: View, settings: GenerationSettings) -> Seen:
        """The size at which ``view`` is sent; what the server makes of it, it does not say."""
        picture = as_sent(view, settings.max_image_tokens)
        return Seen(picture.width, picture.height, None)

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """Yield the answer as the server sends it; see ``Backbone.stream``.

        Raises
        ------
        EndpointFailed
            If the server refuses, is silent too long, or breaks off; what had come has been
            yielded by then.
        """
        stop = stop or threading.Event()
        body = {
            **self._body(messages, micrographs, settings),
            "stream": True,
            "max_tokens": settings.max_new_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": settings.seed,
        }
        finish: Finish | None = None
        with closing(self._client.stream_chat(body, stop)) as events:
            for event in events:
                text, reason = text_and_finish(event)
                finish = reason or finish
                if text and not stop.is_set():
                    yield Chunk(text)
        if stop.is_set():
            finish = "stopped"
        if finish is None:
            raise self._client.faults.no_end(self._model)
        yield Chunk("", 0, finish)

    def score(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        candidates: Sequence[str],
    ) -> NDArray[np.float64]:
        """Log-likelihood (nats) of each candidate, from the server's prompt log-probabilities.

        Shape (len(candidates),). The end of the turn is not part of it: no protocol asks for it.
        """
        if not self._can_score:
            raise ModelError(
                f"{self._model} at {self._client.url.host} cannot score answers: its server "
                "returns no log-probabilities of a prompt. Serve it with vLLM, or classify with "
                "the built-in model."
            )
        body = self._body(messages, micrographs, GenerationSettings())
        before = len(self._prompt_logs({**body, "add_generation_prompt": True}))
        return np.array(
            [self._score_one(body, each, before) for each in candidates], dtype=np.float64
        )

    def close(self) -> None:
        """Close the connection. The backbone cannot be used afterwards."""
        self._client.close()

    def _choose(self, wanted: str | None) -> tuple[str, Mapping[str, Any]]:
        served = self._client.list_models()
        names = [str(entry["id"]) for entry in served]
        if wanted is None and len(names) == 1:
            wanted = names[0]
        if wanted is None or (names and wanted not in names):
            raise self._client.faults.no_such_model(wanted, names)
        return wanted, next((entry for entry in served if entry["id"] == wanted), {})

    def _body(
        self, messages: Sequence[Message], views: Sequence[View], settings: GenerationSettings
    ) -> dict[str, Any]:
        pictures = [data_url(as_sent(view, settings.max_image_tokens)) for view in views]
        return {"model": self._model, "messages": [as_content(m, pictures) for m in messages]}

    def _score_one(self, body: Mapping[str, Any], candidate: str, before: int) -> float:
        """Of the tokens of ``candidate``: those after the first ``before`` of the prompt."""
        spoken = [*body["messages"], {"role": "assistant", "content": candidate}]
        extended = {
            **body,
            "messages": spoken,
            "add_generation_prompt": False,
            "continue_final_message": True,
        }
        return float(sum(self._prompt_logs(extended)[before:]))

    def _prompt_logs(self, body: Mapping[str, Any]) -> list[float]:
        """Log-probability of each token of the prompt; the first has none and counts as 0."""
        answer = self._client.chat({**body, "max_tokens": 1, "prompt_logprobs": 0})
        entries = answer.get("prompt_logprobs")
        if not isinstance(entries, list):
            raise self._client.faults.no_logs(self._model)
        return [first_log(entry) for entry in entries]
