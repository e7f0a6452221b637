"""The workspace of the tests of the store, for commands that remember."""

from tests.store.workspace import file, reader, store

__all__ = ["file", "reader", "store"]
