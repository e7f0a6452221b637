"""Parquet with the pictures inside, as ``datasets.Dataset.from_parquet`` reads it.

``image`` is the first micrograph of a pair (``bytes`` and ``path``), ``other_images`` the further
ones of a comparison. Pairs of a snapshot are in one file per part.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from slava.domain import MicrographId
from slava.errors import BadInput
from slava.exchange.entry import IMAGES, Entry, Exhibit, Picture, Written
from slava.exchange.gathering import Found, Gathering
from slava.exchange.imported import Imported
from slava.exchange.own import KEY
from slava.exchange.paths import ImageFolder
from slava.exchange.rows import COLUMNS, rows_of, take_row
from slava.handoff.files import UNFINISHED_PREFIX, hash_bytes, sync_file, sync_folder

FORMAT = "parquet"
TABLE = "data.parquet"

_GROUP = 32
"""Rows of a row group: as many pictures are in memory."""
_KEPT = 16
"""Pictures kept while rows are written: those of one micrograph mostly follow one another."""
_IMAGE_COLUMNS = ("image", "images", "other_images")
_TYPES: Mapping[type, str] = {str: "string", int: "int64", float: "float64", bool: "bool"}


def export_parquet(
    pairs: Sequence[Entry], micrographs: Mapping[MicrographId, Exhibit], out: Path
) -> Written:
    """Write ``data.parquet`` into ``out``, or one file per part."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = _hashed(pairs, micrographs)
    rows, foreign = rows_of(pairs, pictures)
    several = any(len(entry.pair.micrograph_ids) > 1 for entry in pairs)
    schema = _schema(foreign, several)
    tables: list[str] = []
    for part in sorted({entry.part for entry in pairs}, key=str):
        own = [both for both in zip(pairs, rows, strict=True) if both[0].part == part]
        name = f"{part}.parquet" if part else TABLE
        _write(own, micrographs, schema, out / name)
        tables.append(name)
    return Written(out, len(pairs), len(pairs), len(pictures), tuple(tables))


def import_parquet(path: Path, images_dir: Path | None = None) -> Imported:
    """Read such a file, or a folder of them; pictures that are paths lie under ``images_dir``.

    Raises
    ------
    BadInput
        When the file is no Parquet.
    """
    tables = [path] if path.is_file() else sorted(path.glob("*.parquet"))
    if not tables:
        raise BadInput(f"{path}: has no Parquet file. Check the path.")
    gathering = Gathering(FORMAT)
    number = 0
    for table in tables:
        folder = ImageFolder(images_dir or table.parent)
        for place, record in _rows(table):
            number += 1
            named = _named(record)
            try:
                plain = {k: _plain(v) for k, v in record.items() if k not in _IMAGE_COLUMNS}
                take_row(plain, named, partial(_find, folder, place), gathering)
            except (ValueError, OverflowError, RecursionError) as error:
                gathering.add_problem(number, str(error) or "it has the wrong shape")
    return gathering.finish(number)


def _hashed(
    pairs: Sequence[Entry], micrographs: Mapping[MicrographId, Exhibit]
) -> dict[MicrographId, Picture]:
    """The hash of every picture, which stands in the rows; the pictures are read again later."""
    return {
        i: Picture(micrographs[i], f"{IMAGES}/{i}.png", hash_bytes(micrographs[i].read_png()))
        for i in sorted({i for entry in pairs for i in entry.pair.micrograph_ids})
    }


def _write(
    rows: Sequence[tuple[Entry, Mapping[str, Any]]],
    micrographs: Mapping[MicrographId, Exhibit],
    schema: Any,
    target: Path,
) -> None:
    """One file, whole or not at all; the pictures of one row group are in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    @lru_cache(maxsize=_KEPT)
    def read(at: MicrographId) -> bytes:
        return micrographs[at].read_png()

    several = "other_images" in schema.names
    unfinished = target.with_name(f"{UNFINISHED_PREFIX}{target.name}")
    try:
        with pq.ParquetWriter(unfinished, schema) as table:
            for start in range(0, len(rows), _GROUP):
                group = [
                    {**row, **_pictures(entry, read, several)}
                    for entry, row in rows[start : start + _GROUP]
                ]
                table.write_table(pa.Table.from_pylist(group, schema=schema))
        sync_file(unfinished)
        unfinished.replace(target)
        sync_folder(target.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _pictures(entry: Entry, read: Callable[[MicrographId], bytes], several: bool) -> dict[str, Any]:
    values = [{"bytes": read(i), "path": f"{i}.png"} for i in entry.pair.micrograph_ids]
    return {"image": values[0], **({"other_images": values[1:]} if several else {})}


def _schema(foreign: Mapping[str, type], several: bool) -> Any:
    """Of Arrow, with the features that ``datasets`` looks for."""
    import pyarrow as pa

    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    fields = [pa.field("image", picture)]
    if several:
        features["other_images"] = {"feature": {"_type": "Image"}, "_type": "List"}
        fields.append(pa.field("other_images", pa.list_(picture)))
    columns = {**COLUMNS, **{name: _TYPES[kind] for name, kind in foreign.items()}, KEY: "string"}
    for name, kind in columns.items():
        features[name] = {"dtype": kind, "_type": "Value"}
        fields.append(pa.field(name, pa.type_for_alias(kind)))
    told = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": told})


@dataclass(slots=True)
class _Pictures:
    """The picture columns of a file, one row group in memory at a time."""

    path: Path
    _at: tuple[int, str] | None = None
    _values: list[Any] = field(default_factory=list)

    def read(self, group: int, column: str, row: int, number: int | None) -> bytes:
        """The bytes of one picture again."""
        import pyarrow.parquet as pq

        if self._at != (group, column):
            with pq.ParquetFile(self.path) as table:
                self._values = table.read_row_group(group, columns=[column])[column].to_pylist()
            self._at = (group, column)
        value = self._values[row] if number is None else self._values[row][number]
        return _bytes_of(value) or b""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands."""

    pictures: _Pictures
    group: int
    row: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a picture stands in its row."""

    column: str
    number: int | None
    """In its list; ``None`` where the column holds one picture."""
    value: object


def _rows(path: Path) -> Iterator[tuple[_Place, dict[str, Any]]]:
    """Every row, with where it stands."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as table:
            pictures = _Pictures(path)
            for group in range(table.num_row_groups):
                row = 0
                for batch in table.iter_batches(_GROUP, row_groups=[group]):
                    for record in batch.to_pylist():
                        yield _Place(pictures, group, row), record
                        row += 1
    except (pa.ArrowException, OSError) as error:
        why = " ".join(str(error).split())[:200]
        raise BadInput(f"{path.name}: is no Parquet that can be read ({why}).") from error


def _named(record: Mapping[str, Any]) -> list[object]:
    """The pictures of a row, in their order."""
    cells: list[object] = []
    for column in _IMAGE_COLUMNS:
        value = record.get(column)
        if isinstance(value, list):
            cells += [_Cell(column, number, one) for number, one in enumerate(value)]
        elif value is not None:
            cells.append(_Cell(column, None, value))
    return cells


def _find(folder: ImageFolder, place: _Place, named: Sequence[object]) -> list[Found]:
    """Pictures inside the file, or beside it where a column holds paths."""
    found: list[Found] = []
    for cell in named:
        if not isinstance(cell, _Cell):
            continue
        content, path = _bytes_of(cell.value), _path_of(cell.value)
        if content is not None:
            name = Path(path.replace("\\", "/")).name if path else f"row-{place.row + 1}.png"
            again = _reader(place, cell)
            found.append(Found(hashlib.sha256(content).hexdigest(), name, again))
        else:
            file = folder.find(path)
            found.append(Found(folder.sha256(file), file.name, file.read_bytes))
    if not found:
        raise ValueError("it names no image")
    return found


def _reader(place: _Place, cell: _Cell) -> Callable[[], bytes]:
    return partial(place.pictures.read, place.group, cell.column, place.row, cell.number)


def _bytes_of(value: object) -> bytes | None:
    if isinstance(value, Mapping):
        value = value.get("bytes")
    return value if isinstance(value, bytes) and value else None


def _path_of(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("path")
    return value if isinstance(value, str) else None


def _plain(value: Any) -> Any:
    """A value of a column in words of JSON."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else str(value)
