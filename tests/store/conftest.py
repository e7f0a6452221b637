"""A workspace for the tests of the store."""

from tests.store.workspace import file, reader, store

__all__ = ["file", "reader", "store"]
