"""Pairs in the formats of other programs: LLaVA JSON, ShareGPT messages, imagefolder, Parquet.

Every exporter writes a folder, ``images/`` with a PNG per micrograph beside its table:

- ``llava``: ``data.json``, a list of ``{"id", "image", "conversations"}``; ``image`` is a path, or
  a list of paths for a comparison.
- ``sharegpt``: ``data.json``, a list of ``{"messages", "images"}`` in OpenAI's roles, and the
  ``dataset_info.json`` that LLaMA-Factory wants.
- ``imagefolder``: ``metadata.jsonl``, as ``datasets.load_dataset("imagefolder")`` reads it.
- ``parquet``: ``data.parquet`` with the pictures inside, as ``datasets`` reads it.

Paths are relative to the folder, with forward slashes. A pair with a detailed answer gives two
conversations in the first two formats: its question with the concise answer, and its question
followed by :data:`~slava.exchange.turns.IN_DETAIL` with the detailed one. What the formats have no
name for stands under the key ``slava``, so that an import brings back every field; fields of
others that sLAVA has no name for are kept in ``QAPair.extra`` and written again.

It must not know of the workspace.
"""
