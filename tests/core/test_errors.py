"""The error tree is drawn at its top, and that drawing is true."""

import inspect
import re

from slava import errors


def test_the_drawing_names_every_error_and_nothing_else() -> None:
    drawn = set(re.findall(r"[|`]-- (\w+)", errors.__doc__ or "")) | {"SlavaError"}
    defined = {name for name, _ in inspect.getmembers(errors, inspect.isclass) if name != "Path"}
    assert drawn == defined


def test_every_error_descends_from_the_root() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if name != "Path":
            assert issubclass(kind, errors.SlavaError)


def test_an_unreadable_micrograph_names_file_reason_and_way_out() -> None:
    error = errors.UnreadableMicrograph("/a/b/c.tif", "it is empty (0 bytes).", "Export it again.")
    assert str(error) == "c.tif: it is empty (0 bytes). Export it again."


def test_a_download_says_its_size() -> None:
    assert "4.6 GB" in str(errors.ModelNeedsDownload("owner/name", 4_600_000_000))
    assert "unknown size" in str(errors.ModelNeedsDownload("owner/name", None))
