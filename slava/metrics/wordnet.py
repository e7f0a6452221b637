"""WordNet, as METEOR needs it: where it is on this machine, and the synonyms of a word.

The dictionary is nltk's (``corpora/wordnet``), or the one that Debian installs, which lacks a
list of file names that no synonym depends on. nltk is imported here and must not be imported
where this module is not needed: it takes half a second. It must not know what METEOR is.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import nltk.data
from nltk.corpus.reader.wordnet import WordNetCorpusReader, WordNetError
from nltk.data import FileSystemPathPointer, PathPointer, ZipFilePathPointer

INSTALLED = (Path("/usr/share/wordnet"),)
"""Where systems put WordNet: the package ``wordnet-base`` of Debian and Ubuntu."""

EXPECTED_VERSION = "3.0"
"""What nltk distributes as ``wordnet``, and what the papers' numbers were computed with."""

WAY_OUT = (
    "METEOR needs WordNet 3.0, which is not on this machine: run python -m nltk.downloader "
    "wordnet (on Debian and Ubuntu also: apt install wordnet-base), or copy corpora/wordnet.zip "
    "of another machine into the folder nltk_data/corpora of your home, or name a WordNet folder "
    "with --wordnet DIR."
)

FILES = tuple(f"{kind}.{part}" for kind in ("index", "data") for part in ("noun", "verb", "adj"))
"""A folder that holds these is taken for WordNet."""

LEXICOGRAPHER_FILES = 45
_lock = threading.Lock()
_opened: dict[str, WordNet] = {}


class WordNet:
    """The synonyms of WordNet, each word looked up once; safe from any thread.

    Passed to nltk's METEOR in the place of its corpus reader: it asks for :meth:`synsets` only.
    """

    def __init__(self, reader: WordNetCorpusReader, place: str) -> None:
        self._reader = reader
        self._known: dict[str, Sequence[Any]] = {}
        self._lock = threading.Lock()
        self.place = place
        """The folder or zip file it is read from."""
        self.version: str = reader.get_version() or "unknown"
        """``3.0``, as its files say."""

    def synsets(self, word: str) -> Sequence[Any]:
        """nltk's synsets of a word, in lower case."""
        found = self._known.get(word)
        if found is None:
            with self._lock:
                found = self._known.setdefault(word, self._reader.synsets(word))
                for synset in found:
                    synset.lemmas()
        return found


class _Dictionary(WordNetCorpusReader):
    """nltk's reader for a folder that may lack ``lexnames`` and ``index.sense``."""

    def open(self, file: str) -> Any:
        if file == "lexnames":
            return _Names()
        return super().open(file)

    def map_wn(self, version: str = "wordnet") -> None:
        """Other languages are of no use here."""


class _Names:
    """Stands for ``lexnames``: numbered names that only :meth:`Synset.lexname` would show."""

    def __enter__(self) -> list[str]:
        return [f"{n:02d}\tfile.{n:02d}\t1" for n in range(LEXICOGRAPHER_FILES)]

    def __exit__(self, *_: object) -> None:
        pass


def find_wordnet(folder: Path | None = None) -> WordNet | None:
    """The WordNet of this machine; ``None`` when there is none (:data:`WAY_OUT` says what to do).

    Parameters
    ----------
    folder
        Look here and nowhere else: the folder of its files, one that holds ``corpora/wordnet``,
        or a zip file.
    """
    for root in _roots(folder):
        place = str(root)
        with _lock:
            if place not in _opened:
                try:
                    _opened[place] = WordNet(_Dictionary(root, _NO_OTHER_LANGUAGE), place)
                except (OSError, WordNetError, ValueError, AssertionError):
                    continue
            return _opened[place]
    return None


_NO_OTHER_LANGUAGE = object()


def _roots(folder: Path | None) -> list[PathPointer]:
    if folder is not None:
        places = [folder, folder / "wordnet", folder / "corpora" / "wordnet"]
        zips = [folder, folder / "wordnet.zip", folder / "corpora" / "wordnet.zip"]
        return [*_folders(places), *_zips(zips)]
    corpora = [Path(p) / "corpora" for p in nltk.data.path]
    return [
        *_folders([c / "wordnet" for c in corpora]),
        *_zips([c / "wordnet.zip" for c in corpora]),
        *_folders(list(INSTALLED)),
    ]


def _folders(places: list[Path]) -> list[PathPointer]:
    found = []
    for place in places:
        if all((place / file).is_file() for file in FILES):
            found.append(FileSystemPathPointer(_allowed(place)))
    return found


def _zips(places: list[Path]) -> list[PathPointer]:
    found = []
    for place in places:
        if place.suffix == ".zip" and place.is_file():
            try:
                found.append(ZipFilePathPointer(_allowed(place), "wordnet/"))
            except (OSError, BadZipFile):
                continue
    return found


def _allowed(place: Path) -> str:
    """nltk opens files below its own list of places only; one that was named joins the list."""
    path = str(place.resolve())
    if path not in nltk.data.path:
        nltk.data.path.append(path)
    return path
