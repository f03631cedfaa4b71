from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gansdk import staging
from gansdk.errors import OutputError
from gansdk.staging import staged_folder


def stage(out: Path, text: str = "new", *, force: bool = False) -> None:
    with staged_folder(out, what="a model", ours=r"a\.txt|b\.txt", force=force) as folder:
        (folder / "a.txt").write_text(text)


def everything_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def test_the_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "model"
    with staged_folder(out, what="a model", ours="a", force=False) as folder:
        (folder / "a.txt").write_text("new")
        assert not out.exists()
        assert folder.parent == out.parent
    assert everything_in(tmp_path) == ["deep", "deep/model", "deep/model/a.txt"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt, SystemExit])
def test_an_error_in_the_block_leaves_nothing_not_even_parents(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def fail() -> None:
        out = tmp_path / "x" / "y" / "model"
        with staged_folder(out, what="a model", ours="a", force=False) as folder:
            (folder / "a.txt").write_text("half")
            raise error("no")

    with pytest.raises(OutputError if error is OSError else error):
        fail()
    assert everything_in(tmp_path) == []


def test_an_error_leaves_the_parents_that_were_there(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with (
        pytest.raises(ValueError, match="no"),
        staged_folder(tmp_path / "x" / "y" / "model", what="a", ours="a", force=False),
    ):
        raise ValueError("no")
    assert everything_in(tmp_path) == ["x"]


def test_an_os_error_says_where_and_why(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"cannot write .*model: No space left on device"),
        staged_folder(tmp_path / "model", what="a", ours="a", force=False),
    ):
        raise OSError(28, "No space left on device")


def test_an_output_error_of_the_block_passes_unchanged(tmp_path: Path) -> None:
    error = OutputError("mine")
    with (
        pytest.raises(OutputError) as caught,
        staged_folder(tmp_path / "model", what="a", ours="a", force=False),
    ):
        raise error
    assert caught.value is error


def test_an_error_keeps_the_folder_that_force_would_have_replaced(tmp_path: Path) -> None:
    stage(tmp_path / "model", "old")
    with (
        pytest.raises(KeyboardInterrupt),
        staged_folder(tmp_path / "model", what="a", ours=r"a\.txt", force=True),
    ):
        raise KeyboardInterrupt
    assert (tmp_path / "model" / "a.txt").read_text() == "old"
    assert everything_in(tmp_path) == ["model", "model/a.txt"]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_swap_cut_short_puts_the_old_folder_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    out = tmp_path / "model"
    stage(out, "old")
    rename = Path.rename
    calls: Iterator[int] = iter(range(10))

    def second_fails(self: Path, target: Path) -> Path:
        if next(calls) == 1:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        stage(out, force=True)
    assert (out / "a.txt").read_text() == "old"
    assert everything_in(tmp_path) == ["model", "model/a.txt"]


def test_an_unwritable_parent_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file" / "model", tmp_path / "file" / "deep" / "model"):
        with pytest.raises(
            OutputError, match="cannot write into .*: (Not a directory|File exists)"
        ):
            stage(out)
    assert everything_in(tmp_path) == ["file"]


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o002])
def test_the_folder_follows_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        stage(tmp_path / "model")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o777 & ~mask


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    stage(tmp_path / "model")
    assert everything_in(tmp_path) == ["model", "model/a.txt"]


def test_a_full_folder_needs_force(tmp_path: Path) -> None:
    stage(tmp_path / "model", "old")
    with pytest.raises(OutputError, match=r"holds a model already: use --force \(force=True\)"):
        stage(tmp_path / "model")
    assert (tmp_path / "model" / "a.txt").read_text() == "old"


def test_force_replaces_the_whole_folder(tmp_path: Path) -> None:
    stage(tmp_path / "model", "old")
    (tmp_path / "model" / "b.txt").write_text("old")
    stage(tmp_path / "model", force=True)
    assert everything_in(tmp_path) == ["model", "model/a.txt"]
    assert (tmp_path / "model" / "a.txt").read_text() == "new"


@pytest.mark.parametrize("name", ["thesis.txt", "a.txt.bak", "aXtxt"])
def test_foreign_files_are_refused_even_with_force(tmp_path: Path, name: str) -> None:
    stage(tmp_path / "model", "old")
    (tmp_path / "model" / name).write_text("mine")
    with pytest.raises(OutputError, match=f"holds other files \\({name}\\)"):
        stage(tmp_path / "model", force=True)
    assert (tmp_path / "model" / name).read_text() == "mine"


def test_a_folder_that_filled_up_meanwhile_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "model"

    def overtaken() -> None:
        with staged_folder(out, what="a model", ours="a", force=False):
            out.mkdir()
            (out / "thesis.txt").write_text("mine")

    with pytest.raises(OutputError, match="holds other files"):
        overtaken()
    assert everything_in(tmp_path) == ["model", "model/thesis.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("mine")
    with pytest.raises(OutputError, match="exists and is no folder"):
        stage(tmp_path / "model", force=True)
    assert (tmp_path / "model").read_text() == "mine"


def test_a_link_to_a_folder_stays_and_its_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "model").symlink_to("real")
    stage(tmp_path / "model")
    assert (tmp_path / "model").is_symlink()
    assert everything_in(tmp_path) == ["model", "real", "real/a.txt"]


def test_a_dangling_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").symlink_to("nowhere")
    with pytest.raises(OutputError, match="is no folder"):
        stage(tmp_path / "model")
    assert everything_in(tmp_path) == ["model"]


@pytest.mark.parametrize("out", [".", ".."])
def test_the_working_directory_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    (tmp_path / "a.txt").mkdir()
    monkeypatch.chdir(tmp_path / "a.txt")
    with pytest.raises(OutputError, match="which cannot be replaced: name a new folder inside it"):
        stage(Path(out), force=True)


def test_a_mount_point_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "volume").mkdir()
    monkeypatch.setattr(staging.os.path, "ismount", lambda path: True)
    with pytest.raises(OutputError, match="is a mount point"):
        stage(tmp_path / "volume")
    assert everything_in(tmp_path) == ["volume"]


def test_a_relative_path_means_the_folder_where_the_block_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with staged_folder("model", what="a model", ours="a", force=False):
        monkeypatch.chdir(tmp_path / "elsewhere")
    assert everything_in(tmp_path) == ["elsewhere", "model"]
