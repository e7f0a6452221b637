"""What papers say of figures: read from three formats, everything wrong told at once, and sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slava.domain import Composition, Micrograph, MicrographId, PaperWords
from slava.errors import BadInput
from slava.packs import load_pack
from slava.teacher.passages import Figure, figures_in, match_figures, read_passages
from slava.teacher.prompts import ask_about
from slava.teacher.subject import Subject
from tests.checks.examples import micrograph

CAPTION, FIRST, SECOND = "Fracture surface.", "Cracks run along it.", "They end at pores."
WANTED = [
    Figure("fig2.png", PaperWords(CAPTION, (FIRST, SECOND)), Composition("EDX", "Si, O")),
    Figure("fig3.png", PaperWords("", (SECOND,))),
]
RECORDS = [
    {"file": "a/fig2.png", "caption": CAPTION, "passages": [FIRST, SECOND]},
    {"file_name": "fig3.png", "passages": SECOND},
    {"image": "fig2.png", "composition": "EDX: Si, O"},
]
BY_NAME = {
    "fig2.png": {**RECORDS[0], "composition": "EDX: Si, O"},
    "b\\fig3.png": {"passages": SECOND},
}
TABLE = (
    "File,caption,passage,composition\n"
    f'fig2.png,{CAPTION},"{FIRST}\n\n{SECOND}",\n'
    f"fig3.png,,{SECOND},\n"
    'fig2.png,,,"EDX: Si, O"\n'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.json", json.dumps(RECORDS)),
        ("f.json", json.dumps({k: {**v, "file": k} for k, v in BY_NAME.items()})),
        ("f.jsonl", "\n\n".join(map(json.dumps, RECORDS))),
        ("f.CSV", TABLE),
        ("f.tsv", TABLE.replace(",", "\t").replace("Si\t", "Si,")),
    ],
    ids=["list", "by name", "lines", "csv", "tsv"],
)
def test_every_format_says_the_same(name: str, text: str, tmp_path: Path) -> None:
    assert figures_in(name, text) == WANTED
    (tmp_path / name).write_text("\ufeff" + text, encoding="utf-8")
    assert read_passages(tmp_path / name) == WANTED


def test_everything_that_is_wrong_is_told_at_once() -> None:
    records = [
        {"caption": "No file."},
        {"file": "a.png", "caption": 3},
        {"file": "b.png", "captions": "x", "passages": {"a": 1}},
        {"file": "c.png", "passages": ["x" * 5000]},
        {"file": "d.png", "caption": " "},
        {"file": "e.png", "composition": "iron"},
        "f.png",
        {"file": "g.png", "caption": "One."},
        {"file": "g.png", "caption": "Two."},
    ]
    with pytest.raises(BadInput) as told:
        figures_in("f.json", json.dumps(records))
    for words in (
        *("entry 1: no file name", "a caption is no text", "nothing is known of “captions”"),
        *("passages are neither", "5000 characters", "(d.png): neither caption nor passages"),
        *("names no technique", "entry 7 is no record", "another caption"),
    ):
        assert words in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("f.json", "{", "no JSON"),
        ("f.json", "[" * 100_000, "no JSON"),
        ("f.json", "[]", "nothing of any figure"),
        ("f.txt", "x", "neither .json"),
        ("f.csv", "file,caption\na.png,b,c\n", "more cells than columns"),
        ("f.jsonl", '{"file": "a", "caption": "b"}\n{', "line 2 is no JSON"),
    ],
)
def test_a_broken_file_is_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        figures_in(name, text)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("file,caption\na.png,Größe\n".encode("latin-1"))
    for name, words in (("none.csv", "cannot be read"), ("latin.csv", "UTF-8")):
        with pytest.raises(BadInput, match=words):
            read_passages(tmp_path / name)


def test_figures_find_their_micrographs_by_name() -> None:
    shown = [micrograph("fig2"), micrograph("fig3"), micrograph("twice")]
    twin = micrograph("twin")
    both = [*shown, Micrograph(twin.id, "twice.tif", "TIFF", 9, 9, 8, 1)]
    matched = match_figures("f", [Figure("FIG2.TIF"), Figure("fig3.png")], shown)
    assert {i: f.file for i, f in matched.items()} == {
        shown[0].id: "FIG2.TIF",
        shown[1].id: "fig3.png",
    }
    with pytest.raises(BadInput) as told:
        match_figures("f", [Figure("gone.png"), Figure("twice.tif"), Figure("fig2")], both)
    assert "no micrograph is called gone.png" in str(told.value)
    assert "the name of 2 micrographs" in str(told.value)
    assert match_figures("f", [Figure(twin.id)], both) == {MicrographId(twin.id): Figure(twin.id)}


def test_the_words_are_in_what_is_sent_and_kept() -> None:
    subject = Subject(micrograph(), paper=PaperWords(CAPTION, (FIRST, "Two\nlines.")))
    for ask in ask_about(subject, load_pack("glass"), longest_px=512):
        assert f"Caption of the figure in the paper: {CAPTION}" in ask.facts
        assert "The paper says: Two lines." in ask.facts
        assert all(fact in ask.text for fact in ask.facts)
