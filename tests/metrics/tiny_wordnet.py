"""A WordNet of a few synonyms, in the files of the real one, written into a folder."""

from __future__ import annotations

from pathlib import Path

HEADER = "  1 WordNet 3.0 Copyright, a few words written for a test.\n"
PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}


def write_wordnet(folder: Path, synonyms: dict[str, list[list[str]]], header: str = HEADER) -> Path:
    """Write sets of synonyms by part of speech (``{"verb": [["show", "display"]]}``).

    Only the files that every installation has: no ``lexnames`` and no ``index.sense``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for part, role in PARTS.items():
        data, places = header, {}
        for words in synonyms.get(part, []):
            offset = len(data.encode())
            listed = " ".join(f"{word} 0" for word in words)
            frames = " 00" if part == "verb" else ""
            data += f"{offset:08d} 29 {role} {len(words):02x} {listed} 000{frames} | of a test  \n"
            for word in words:
                places.setdefault(word, []).append(offset)
        index = header + "".join(
            f"{word} {role} {len(at)} 0 {len(at)} 0 {' '.join(f'{o:08d}' for o in at)}  \n"
            for word, at in sorted(places.items())
        )
        (folder / f"data.{part}").write_text(data, encoding="utf-8", newline="\n")
        (folder / f"index.{part}").write_text(index, encoding="utf-8", newline="\n")
        (folder / f"{part}.exc").write_text("", encoding="utf-8")
    return folder
