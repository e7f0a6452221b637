"""The guard of errors: ours as they stand, unexpected ones logged under a number."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from slava.errors import BadQuestion

gr = pytest.importorskip("gradio")
from ui.guard import guarded, log_to  # noqa: E402


def test_our_errors_are_shown_escaped_and_in_full() -> None:
    def handler() -> None:
        raise BadQuestion("the question <b>x</b> is empty.")

    with pytest.raises(gr.Error) as shown:
        guarded(handler)()
    assert shown.value.message == "The question &lt;b&gt;x&lt;/b&gt; is empty."


def test_unexpected_errors_are_logged_under_the_number_that_is_shown(tmp_path: Path) -> None:
    def handler() -> None:
        raise ZeroDivisionError("secret detail")

    log = log_to(tmp_path)
    try:
        with pytest.raises(gr.Error) as shown:
            guarded(handler)()
    finally:
        logging.getLogger("slava").removeHandler(log)
        log.close()
    number = shown.value.message.rsplit(" ", 1)[1].rstrip(".")
    written = (tmp_path / "slava.log").read_text()
    assert f"[{number}]" in written
    assert "secret detail" in written
    assert "secret detail" not in shown.value.message


def test_a_stream_is_guarded_too_and_keeps_what_it_gave() -> None:
    def handler():
        yield 1
        raise BadQuestion("no.")

    stream = guarded(handler)()
    assert next(stream) == 1
    with pytest.raises(gr.Error, match=r"No\."):
        next(stream)
