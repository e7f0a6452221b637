"""What goes wrong with a served model, in words; the key is in none of them.

It must not know what was asked, nor how the answer is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from slava.errors import EndpointFailed
from slava.vlm.endpoint_wire import json_or_none

_WAYS_OUT = {
    401: "Give the server's API key.",
    403: "Give an API key that may use this model.",
    404: "Check the URL, which often ends in /v1, and the model's name.",
    413: "Lower the picture budget.",
    429: "The server is busy or a limit is reached; wait and ask again.",
}


class Faults:
    """Makes one clear error of what the server at ``url`` says or leaves unsaid.

    Servers repeat what they refuse: ``api_key`` is hidden in their words.
    """

    def __init__(self, url: httpx.URL, api_key: str) -> None:
        self._url, self._api_key = url, api_key

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what httpx raises into words."""
        try:
            yield
        except httpx.ConnectError as error:
            raise EndpointFailed(
                f"Nothing answers at {self._url} ({self._reason(error)}). "
                "Start the server, or check host and port."
            ) from error
        except httpx.TimeoutException as error:
            raise EndpointFailed(
                f"{self._url.host} was silent too long. The server may still be loading the model "
                "or be overloaded; look at its log and ask again."
            ) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise EndpointFailed(
                f"The connection to {self._url.host} broke off ({self._reason(error)}). "
                "What had come is kept; ask again, or look at the server's log."
            ) from error

    def refused(self, response: httpx.Response) -> EndpointFailed:
        """Of an answer that is not 200; its body has been read."""
        code, said = response.status_code, self._words(json_or_none(response))
        otherwise = "Look at the server's log." if code >= 500 else "Check the server's settings."
        return EndpointFailed(
            f"{self._url.host} answered {code} {response.reason_phrase}"
            f"{f' ({said})' if said else ''}. {_WAYS_OUT.get(code, otherwise)}"
        )

    def another_protocol(self, text: str) -> EndpointFailed:
        """Of something that should have been JSON of the protocol."""
        return EndpointFailed(
            f"{self._url.host} sent something that is not the OpenAI protocol "
            f"({self._short(text, 60)!r}). Check that the URL ends where the server says, "
            "often in /v1."
        )

    def error_event(self, model: str, event: Mapping[str, Any]) -> EndpointFailed:
        """Of an error in the middle of an answer."""
        return EndpointFailed(
            f"{model} at {self._url.host} broke off: {self._words(event)}. "
            "What had come is kept; ask again."
        )

    def no_end(self, model: str) -> EndpointFailed:
        """Of an answer that ends without saying so."""
        return EndpointFailed(
            f"{model} at {self._url.host} broke off in the middle of the answer. "
            "What had come is kept; ask again, or look at the server's log."
        )

    def no_logs(self, model: str) -> EndpointFailed:
        """Of a server that was asked for log-probabilities and sent none."""
        return EndpointFailed(
            f"{model} at {self._url.host} sent no prompt log-probabilities. "
            "Classify with another model."
        )

    def no_such_model(self, wanted: str | None, names: Sequence[str]) -> EndpointFailed:
        """Why ``wanted`` cannot be taken of the served ``names``, and what to give instead."""
        listed = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
        if not names:
            text = f"{self._url} serves no model. Load one in the server."
        elif wanted is None:
            text = f"{self._url} serves several models: {listed}. Name one: {self._url}#{names[0]}"
        else:
            text = f"{self._url} does not serve {wanted}. It serves: {listed}."
        return EndpointFailed(text)

    def _words(self, payload: Any) -> str:
        """A server's own words about a fault."""
        error = payload.get("error", payload) if isinstance(payload, dict) else None
        text = error.get("message", "") if isinstance(error, dict) else error
        return self._short(str(text or ""), 200).rstrip(".")

    def _reason(self, error: Exception) -> str:
        return self._short(str(error), 120) or type(error).__name__

    def _short(self, text: str, characters: int) -> str:
        """One line; the key is hidden before it is cut, or its beginning would be left."""
        hidden = text.replace(self._api_key, "***") if self._api_key else text
        return " ".join(hidden.split())[:characters]
