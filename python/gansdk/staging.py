"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError


@contextmanager
def staged_folder(
    out: str | os.PathLike[str], *, what: str, ours: str, force: bool
) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of `out` when the block ends without an error.

    Parameters
    ----------
    out : str or path
        The folder to make. It may exist if it is empty, or, with `force`, if it holds nothing but
        files that gansdk writes there.
    what : str
        What the folder will hold, for messages: "a model", "a data set".
    ours : str
        Regular expression of the file names that gansdk writes there; only those are replaced.
    force : bool
        Whether to replace them.

    Raises
    ------
    OutputError
        `out` is in the way, or its parent cannot be written.
    """
    out = Path(out)
    check_folder(out, what=what, ours=ours, force=force)
    parent = out.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that the final rename stays within one file system.
        stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=parent))
    except OSError as error:
        raise OutputError(f"cannot write into {parent}: {error.strerror}") from None
    try:
        yield stage
        stage.chmod(0o777 & ~_umask())  # mkdtemp makes it private
        _swap(stage, out)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot write {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def check_folder(out: Path, *, what: str, ours: str, force: bool) -> None:
    """Raise `OutputError` where `staged_folder` could not put its folder in place."""
    if not (out.exists() or out.is_symlink()):
        return
    if not out.is_dir():
        raise OutputError(f"{out} exists and is no folder: choose another name")
    try:
        found = sorted(p.name for p in out.iterdir())
    except OSError as error:
        raise OutputError(f"cannot read {out}: {error.strerror}") from None
    foreign = [name for name in found if not re.fullmatch(ours, name)]
    if foreign:
        raise OutputError(
            f"{out} holds other files ({foreign[0]}): choose an empty or a new folder for {what}"
        )
    if found and not force:
        raise OutputError(f"{out} holds {what} already: use --force (force=True) to replace it")


def _swap(stage: Path, out: Path) -> None:
    if not out.exists():
        stage.rename(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=stage.parent))
    out.rename(old)  # onto an empty folder, which rename replaces
    try:
        stage.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
