"""Text measures: the papers' printed rows, the libraries called directly, WordNet and its lack."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from slava.errors import BadInput
from slava.metrics import wordnet as wordnet_places
from slava.metrics.text import MEASURES, TextPair, score_texts
from tests.cli.command import slava
from tests.metrics.tiny_wordnet import HEADER, write_wordnet

SYNONYMS = {"verb": [["show", "display", "exhibit"]], "noun": [["flaw", "defect"]]}

# Rows of sLAVA (arXiv text, Tables 2, 29 and 31) with the BLEU-2, ROUGE-L and METEOR printed there;
# "display" and "show" are the only synonyms that they need.
PRINTED = [
    (
        "This SEM image shows a microelectromechanical system (MEMS) with intricate wiring and "
        "electrodes, captured at 100 times magnification.",
        "This SEM image displays a microelectromechanical system (MEMS) with intricate wiring and "
        "electrodes captured at 100 times magnification.",
        (0.824, 0.944, 0.944),
    ),
    (
        "The image displays scratches, a surface defect that can act as stress concentrators, "
        "potentially leading to reduced fatigue life and increased susceptibility to crack "
        "propagation.",
        "The image shows scratches, a surface imperfection which could act as stress "
        "concentrators, potentially causing shortened fatigue life and magnified vulnerability "
        "to crack spreading.",
        (0.500, 0.612, 0.638),
    ),
    (
        "The corrosion appears as a well-defined edge with some spreading, indicative of moderate "
        "progression.",
        "Corrosion appears as a distinct edge with some spread, suggesting moderate progression.",
        (0.466, 0.667, 0.640),
    ),
]
HALF_A_DIGIT = 0.0005 + 1e-9


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_wordnet(tmp_path / "wordnet", SYNONYMS)


@pytest.fixture
def no_wordnet(monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk.data

    monkeypatch.setattr(nltk.data, "path", [])
    monkeypatch.setattr(wordnet_places, "INSTALLED", ())


@pytest.fixture(autouse=True)
def _paths_stay() -> Iterator[None]:
    import nltk.data

    before = list(nltk.data.path)
    yield
    nltk.data.path[:] = before


def pairs(rows: list[tuple[str, str]]) -> list[TextPair]:
    return [TextPair(k, *row) for k, row in enumerate(rows)]


def made_up(count: int) -> list[tuple[str, str]]:
    words = [
        "the",
        "a",
        "surface",
        "fibre",
        "shows",
        "displays",
        "flaw",
        "Pores,",
        "20",
        "nm",
        "µm",
        "smooth",
        "rough",
        "of",
        "in",
        "and",
    ]
    draw = random.Random(7)
    return [
        (
            " ".join(draw.choices(words, k=draw.randint(1, 25))),
            " ".join(draw.choices(words, k=draw.randint(1, 25))),
        )
        for _ in range(count)
    ]


def test_printed_rows_come_out_to_three_decimals(tiny: Path) -> None:
    figures = score_texts(pairs([row[:2] for row in PRINTED]), wordnet_folder=tiny)
    for (_, scores), (_, _, printed) in zip(figures.rows, PRINTED, strict=True):
        for measure, value in zip(("bleu2", "rougeL", "meteor"), printed, strict=True):
            assert scores[measure] == pytest.approx(value, abs=HALF_A_DIGIT), measure
    assert figures.wordnet == "3.0"
    assert not figures.left_out


@pytest.mark.skipif(
    wordnet_places.find_wordnet() is None,
    reason="no WordNet here: the written one stands in; nltk.download('wordnet') brings it",
)
def test_printed_rows_with_the_wordnet_of_the_machine() -> None:
    figures = score_texts(pairs([row[:2] for row in PRINTED]))
    for (_, scores), (_, _, printed) in zip(figures.rows, PRINTED, strict=True):
        assert scores["meteor"] == pytest.approx(printed[2], abs=HALF_A_DIGIT)


def test_a_thousand_pairs_equal_the_libraries_called_directly(tiny: Path) -> None:
    from nltk.translate.bleu_score import sentence_bleu
    from nltk.translate.meteor_score import single_meteor_score
    from rouge_score.rouge_scorer import RougeScorer

    rows = made_up(1000)
    figures = score_texts(pairs(rows), wordnet_folder=tiny)
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    wordnet = wordnet_places.find_wordnet(tiny)
    for (hoped, said), (_, scores) in zip(rows, figures.rows, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected: dict[str, Any] = {
                "bleu2": sentence_bleu([hoped.split()], said.split(), weights=(0.5, 0.5)),
                "bleu4": sentence_bleu([hoped.split()], said.split()),
            }
        overlaps = scorer.score(hoped, said)
        expected |= {name: overlap.fmeasure for name, overlap in overlaps.items()}
        expected["meteor"] = single_meteor_score(hoped.split(), said.split(), wordnet=wordnet)
        assert scores == expected
    assert tuple(figures.mean) == MEASURES


def test_mean_and_deviation_are_of_the_rows(tiny: Path) -> None:
    figures = score_texts(pairs([("a b c", "a b c"), ("a b c", "x y z")]), wordnet_folder=tiny)
    assert figures.mean["rouge1"] == 0.5
    assert figures.std["rouge1"] == 0.5
    assert figures.columns()["bleu2"] == [1.0, 0.0]
    assert tuple(figures.columns()) == MEASURES


def test_synonyms_count_and_without_them_meteor_is_not_called_meteor(
    tiny: Path, no_wordnet: None
) -> None:
    rows = pairs([("it shows a flaw", "it displays a defect")])
    told = score_texts(rows, wordnet_folder=tiny)
    assert told.mean["meteor"] == pytest.approx(1 - 0.5 / 4**3)
    silent = score_texts(rows)
    assert silent.rows[0][1]["meteor"] is None
    assert silent.mean["meteor"] is silent.std["meteor"] is None
    assert "python -m nltk.downloader wordnet" in silent.left_out["meteor"]
    assert silent.mean["bleu2"] == told.mean["bleu2"]
    assert tuple(silent.columns()) == MEASURES[:-1]


@pytest.mark.parametrize("packed", [False, True])
def test_wordnet_is_found_where_nltk_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    import shutil

    import nltk.data

    corpora = tmp_path / "nltk_data" / "corpora"
    write_wordnet(corpora / "wordnet", SYNONYMS)
    if packed:
        shutil.make_archive(str(corpora / "wordnet"), "zip", corpora, "wordnet")
        shutil.rmtree(corpora / "wordnet")
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path / "nltk_data")])
    found = wordnet_places.find_wordnet()
    assert found is not None
    assert found.version == "3.0"
    assert [s.lemmas()[0].name() for s in found.synsets("flaws")] == ["flaw"]
    assert list(found.synsets("unheard")) == []


def test_another_version_is_told(tmp_path: Path) -> None:
    folder = write_wordnet(tmp_path / "newer", SYNONYMS, HEADER.replace("3.0", "3.1"))
    assert score_texts(pairs([("a", "a")]), wordnet_folder=folder).wordnet == "3.1"


def test_threads_share_one_wordnet(tiny: Path) -> None:
    rows = pairs(made_up(60))
    alone = score_texts(rows, wordnet_folder=tiny)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: score_texts(rows, wordnet_folder=tiny), range(4)))
    assert all(run == alone for run in runs)


def test_a_folder_without_wordnet_and_no_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no WordNet"):
        score_texts(pairs([("a", "a")]), wordnet_folder=tmp_path)
    with pytest.raises(BadInput, match="no answer"):
        score_texts([])


def lines(path: Path, *entries: object) -> Path:
    path.write_text("".join(f"{json.dumps(e)}\n" for e in entries), encoding="utf-8")
    return path


def test_the_command_prints_one_object(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    from ui.commands.metrics import metrics

    hoped = lines(
        tmp_path / "r.jsonl", {"id": "b", "text": "it shows pores"}, {"id": 2, "text": "a film"}
    )
    said = lines(
        tmp_path / "p.jsonl", {"id": 2, "text": "a film"}, {"id": "b", "text": "it displays pores"}
    )
    metrics(references=hoped, predictions=said, wordnet=tiny, json_=True)
    record = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in record["rows"]] == ["b", 2]
    assert set(record["rows"][0]) == {"id", *MEASURES}
    assert set(record["mean"]) == set(record["std"]) == set(MEASURES)
    assert record["mean"]["rouge1"] == pytest.approx((2 / 3 + 1) / 2)


def test_the_command_compares_two_models(tiny: Path, tmp_path: Path, capsys: Any) -> None:
    from ui.commands.metrics import metrics

    rows = [pair[0] for pair in made_up(30)]
    hoped = lines(tmp_path / "r.jsonl", *({"id": k, "text": t} for k, t in enumerate(rows)))
    worse = lines(tmp_path / "w.jsonl", *({"id": k, "text": "of"} for k in range(len(rows))))
    metrics(references=hoped, predictions=hoped, against=worse, wordnet=tiny, json_=True)
    record = json.loads(capsys.readouterr().out)
    assert record["interval95"]["rouge1"] == [1.0, 1.0]
    assert record["difference"]["rouge1"]["better"] == "predictions"
    assert record["difference"]["rouge1"]["p_value"] < 0.05
    assert record["against"]["mean"]["rouge1"] < 1


def test_the_command_says_on_stderr_what_is_left_out(
    tmp_path: Path, capsys: Any, no_wordnet: None
) -> None:
    from ui.commands.metrics import metrics

    texts = lines(tmp_path / "r.jsonl", {"id": "1", "text": "pores"})
    metrics(references=texts, predictions=texts, json_=True)
    out, err = capsys.readouterr()
    assert json.loads(out)["mean"]["meteor"] is None
    assert "meteor is left out" in err


GOOD = '{"id": "1", "text": "pores"}\n{"id": "2", "text": "a film"}\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": "1", "text": "pores"}\n', r"r.jsonl line 2: .*p.jsonl has no id '2'"),
        (GOOD + '{"id": "3", "text": "x"}\n', r"p.jsonl line 3: .*r.jsonl has no id '3'"),
        (GOOD + '\n{"id": "1", "text": "x"}\n', r"p.jsonl line 4: the id '1' stands in line 1"),
        ('{"id": "1", "text": "  "}\n', r"p.jsonl line 1: the text of id '1' is empty"),
        (GOOD + '{"id": "3", "tex\n', r"p.jsonl line 3: it is not JSON \(.*column"),
        ("[" * 100_000 + "\n", r"p.jsonl line 1: it is JSON that cannot be read"),
        ('{"id": ' + "1" * 5000 + "}\n", r"p.jsonl line 1: it is JSON that cannot be read"),
        (GOOD + "[1]\n", r"p.jsonl line 3: it is no object"),
        ('{"text": "pores"}\n', r'p.jsonl line 1: its "id" is missing'),
        ('{"id": true, "text": "pores"}\n', r'p.jsonl line 1: its "id" is missing'),
        ('{"id": "1", "text": 5}\n', r'p.jsonl line 1: its "text" is missing or no text'),
        ("\n \n", r"p.jsonl holds no line"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, content: str, said: str) -> None:
    from slava.metrics.text_files import read_pairs

    (tmp_path / "r.jsonl").write_text(GOOD, encoding="utf-8")
    (tmp_path / "p.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=said) as error:
        read_pairs(tmp_path / "r.jsonl", tmp_path / "p.jsonl")
    assert "\n" not in str(error.value)


def test_the_command_ends_with_2_and_one_line(tmp_path: Path) -> None:
    good = lines(tmp_path / "r.jsonl", {"id": "1", "text": "pores"})
    bad = lines(tmp_path / "p.jsonl", {"id": "1"})
    done = slava("metrics", "--references", good, "--predictions", bad, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().endswith('p.jsonl line 1: its "text" is missing or no text.')
    assert len(done.stderr.strip().splitlines()) == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    from slava.metrics.text_files import read_pairs

    good = tmp_path / "good.jsonl"
    good.write_text("\ufeff" + GOOD.replace("\n", "\r\n"), encoding="utf-8")
    assert [p.id for p in read_pairs(good, good)] == ["1", "2"]
    with pytest.raises(BadInput, match=r"gone.jsonl cannot be read"):
        read_pairs(good, tmp_path / "gone.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(GOOD.encode() + b'{"id": "3", "text": "\xb5m"}')
    with pytest.raises(BadInput, match=r"latin.jsonl line 3: it is not UTF-8"):
        read_pairs(good, tmp_path / "latin.jsonl")
