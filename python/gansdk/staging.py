"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    if "\0" in str(out):
        raise OutputError(f"{str(out)!r} is no name of a folder: it holds a null character")
    check_folder(out, what=what, ours=ours, force=force)
    # Through a link to the folder it stands for: a rename would replace the link instead.
    place = out.resolve()
    missing = [p for p in place.parents if not p.exists()]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, so that the final rename stays within one file system.
        stage = _temporary(place)
        stage.mkdir()
    except OSError as error:
        _remove_empty(missing)
        raise OutputError(f"cannot write into {out.parent}: {error.strerror}") from None
    try:
        yield stage
        # Once more: much may have happened in a block of minutes.
        check_folder(place, what=what, ours=ours, force=force)
        _swap(stage, place)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot write {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        _remove_empty(missing)


def check_folder(out: Path, *, what: str, ours: str, force: bool) -> None:
    """Raise `OutputError` where `staged_folder` could not put its folder in place."""
    if not (out.exists() or out.is_symlink()):
        return
    if not out.is_dir():
        raise OutputError(f"{out} exists and is no folder: choose another name")
    try:
        found = sorted(p.name for p in out.iterdir())
        here = Path.cwd()
    except OSError as error:
        raise OutputError(f"cannot read {out}: {error.strerror}") from None
    if os.path.ismount(out) or out.resolve() in (here, *here.parents):
        raise OutputError(
            f"{out} is a mount point or the working directory, which cannot be replaced: "
            "name a new folder inside it"
        )
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
    old = _temporary(out)
    try:
        out.rename(old)
        stage.rename(out)
    except BaseException:  # Ctrl-C too must not leave the folder under its temporary name
        if not out.exists():
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _temporary(out: Path) -> Path:
    # Not tempfile.mkdtemp: that makes it private, and a shared folder should follow the umask.
    return out.parent / f".{out.name}.{secrets.token_hex(6)}"


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # not empty, or never made
            folder.rmdir()
