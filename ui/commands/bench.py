"""Where one command works on files: alone, or with a workspace that remembers.

It must not know how anything is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from slava.errors import BadSetting
from slava.settings import Settings
from ui.privacy import set_private_environment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from slava.domain import Calibration, Micrograph
    from slava.imaging.inspect import Inspected
    from store import Store


class Bench:
    """Opens micrographs.

    Parameters
    ----------
    store
        The workspace that they are added to, if there is one.
    manual
        The calibration that the user gave; it stands above any other.
    """

    def __init__(self, store: Store | None, manual: Calibration | None) -> None:
        self._store, self._manual = store, manual

    def open(
        self,
        file: Path,
        databar: Literal["never", "needed", "always"] = "needed",
        number: int = 1,
    ) -> tuple[Micrograph, NDArray[np.generic]]:
        """The micrograph of a file and its grey values, (height_px, width_px).

        A confident scale bar calibrates it where nothing else does; a workspace keeps that as
        a proposal only.

        Parameters
        ----------
        file
            A micrograph.
        databar
            When the letters in the picture are read: ``needed`` is where nothing calibrates.
        number
            Which picture of a file that holds several, from 1.

        Raises
        ------
        BadSetting
            When another than the first is to be kept in a workspace.
        UnreadableMicrograph
            When the file holds no micrograph.
        """
        from slava.imaging.calibrate import with_proposal
        from slava.imaging.inspect import inspect_databar, inspect_micrograph

        if self._store and number != 1:
            raise BadSetting(
                f"--frame {number}: a workspace keeps the first picture of a file only. Leave out "
                "--workspace, or export that picture as a file of its own."
            )
        at_once: Literal["never", "always"] = "always" if databar == "always" else "never"
        inspected = inspect_micrograph(file, databar=at_once, number=number)
        micrograph = self._known(file, inspected)
        if databar == "needed" and not (micrograph.calibration or micrograph.databar_read):
            inspected = inspect_databar(inspected)
            micrograph = self._known(file, inspected)
        return with_proposal(micrograph), inspected.grey

    def _known(self, file: Path, inspected: Inspected) -> Micrograph:
        """The record of a file with all that the user and the workspace know of it."""
        micrograph = inspected.micrograph
        if self._store:
            micrograph = self._store.micrographs.add_inspected(file, inspected).micrograph
            if inspected.micrograph.databar_read and not micrograph.databar_read:
                micrograph = self._store.micrographs.record_databar(
                    micrograph.id, inspected.micrograph
                )
            if self._manual:
                self._store.micrographs.set_calibration(micrograph.id, self._manual)
        return replace(micrograph, calibration=self._manual) if self._manual else micrograph


@contextmanager
def open_bench(workspace: Path | None, nm_per_px: float | None = None) -> Iterator[Bench]:
    """A bench for one command.

    Parameters
    ----------
    workspace
        The folder of the workspace; without one nothing is kept.
    nm_per_px
        The pixel size that the user gave, nm.

    Raises
    ------
    BadSetting
        When ``nm_per_px`` is no pixel size.
    WorkspaceError
        When the workspace cannot be opened.
    """
    set_private_environment(workspace)
    manual = _by_hand(nm_per_px)
    if workspace is None:
        yield Bench(None, manual)
        return
    from store import Store

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        yield Bench(store, manual)


def _by_hand(nm_per_px: float | None) -> Calibration | None:
    from slava.domain import Calibration

    if nm_per_px is None:
        return None
    try:
        return Calibration(nm_per_px, "manual", "--nm-per-px")
    except ValueError as error:
        raise BadSetting(f"--nm-per-px {nm_per_px}: {error}.") from None
