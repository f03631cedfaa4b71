"""Batches show themselves in IPython; other arrays, and the arrays themselves, stay as they are."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gansdk import images
from gansdk.errors import MissingDependencyError
from gansdk.images.notebook import picture_of

pytest.importorskip("PIL")


def opened(png: bytes) -> Any:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture)
    return pixels if pixels.ndim == 3 else pixels[..., None]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A real IPython whose display formats are those of a notebook."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    module = pytest.importorskip("IPython.core.interactiveshell")
    made = module.InteractiveShell.instance()
    made.history_manager.enabled = False
    yield made
    if "gansdk" in made.extension_manager.loaded:
        made.extension_manager.unload_extension("gansdk")
    made.history_manager.end_session()
    module.InteractiveShell.clear_instance()


def cell(shell: Any, code: str) -> list[dict[str, Any]]:
    """Run a cell and return what it displayed."""
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        result = shell.run_cell(code)
    result.raise_error()
    return [output.data for output in captured.outputs]


def test_a_sampled_batch_shows_itself(shell: Any) -> None:
    pytest.importorskip("onnxruntime")
    cell(shell, "%load_ext gansdk\nfrom gansdk import Sampler\nsampler = Sampler('digits')")
    [shown] = cell(shell, "display(sampler.sample(7, seed=7))")
    cell(shell, "batch = sampler.sample(7, seed=7)")
    batch = shell.user_ns["batch"]
    assert type(batch) is np.ndarray
    assert (opened(shown["image/png"]) == images.grid(batch)).all()
    assert shown["text/plain"] == repr(batch)
    data, _ = shell.display_formatter.format(batch)
    assert data["image/png"] == shown["image/png"]


def test_other_arrays_show_as_before(shell: Any) -> None:
    others = [
        np.zeros((3, 16, 16, 3)),
        np.zeros((3, 16, 16, 3), np.int8),
        np.zeros((3, 16, 16, 2), np.uint8),
        np.zeros((16, 16), np.uint8),
        np.zeros((3, 16, 7, 3), np.uint8),
        np.zeros((0, 16, 16, 3), np.uint8),
        np.zeros((2, 3, 16, 16, 3), np.uint8),
        np.zeros((), np.uint8),
    ]
    before = [shell.display_formatter.format(x) for x in others]
    shell.run_cell("%load_ext gansdk")
    assert [shell.display_formatter.format(x) for x in others] == before
    assert all(set(data) == {"text/plain"} for data, _ in before)


def test_pictures_and_batches_of_every_kind(shell: Any, tmp_path: Path) -> None:
    shell.run_cell("%load_ext gansdk")
    rng = np.random.default_rng(0)
    for shape in ((9, 10, 1), (9, 10, 3), (9, 10, 4)):
        x = rng.integers(0, 256, (5, *shape), np.uint8)
        data, _ = shell.display_formatter.format(x)
        assert (opened(data["image/png"]) == images.grid(x)).all()
        data, _ = shell.display_formatter.format(x[0])
        assert (opened(data["image/png"]) == x[0]).all()
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")  # a subclass of ndarray
    data, _ = shell.display_formatter.format(mapped)
    assert (opened(data["image/png"]) == images.grid(x)).all()


def test_a_subclass_that_shows_itself_still_does(shell: Any) -> None:
    class Own(np.ndarray):
        def _repr_png_(self) -> bytes:
            return b"own"

    shell.run_cell("%load_ext gansdk")
    x = np.zeros((2, 16, 16, 3), np.uint8).view(Own)
    assert shell.display_formatter.format(x)[0]["image/png"] == b"own"


def test_unloading_restores_what_was_there(shell: Any) -> None:
    x = np.zeros((2, 16, 16, 3), np.uint8)
    formatter = shell.display_formatter.formatters["image/png"]
    shell.run_cell("%load_ext gansdk")
    assert "image/png" in shell.display_formatter.format(x)[0]
    shell.run_cell("%reload_ext gansdk")
    assert "image/png" in shell.display_formatter.format(x)[0]
    shell.run_cell("%unload_ext gansdk")
    assert "image/png" not in shell.display_formatter.format(x)[0]
    assert np.ndarray not in formatter

    # A printer that was there shows what gansdk does not, and comes back.
    theirs = lambda array: b"theirs"  # noqa: E731
    formatter.for_type(np.ndarray, theirs)
    shell.run_cell("%load_ext gansdk")
    assert shell.display_formatter.format(x)[0]["image/png"] != b"theirs"
    assert shell.display_formatter.format(np.zeros(3))[0]["image/png"] == b"theirs"
    shell.run_cell("%unload_ext gansdk")
    assert formatter.for_type(np.ndarray) is theirs

    # One that came later stays.
    shell.run_cell("%load_ext gansdk")
    later = lambda array: b"later"  # noqa: E731
    formatter.for_type(np.ndarray, later)
    shell.run_cell("%unload_ext gansdk")
    assert formatter.for_type(np.ndarray) is later
    formatter.pop(np.ndarray)


def test_large_batches_show_their_first_and_say_so() -> None:
    x = np.random.default_rng(0).integers(0, 256, (101, 16, 16, 3), np.uint8)
    picture = opened(picture_of(x) or b"")
    whole = images.grid(x[:100])
    assert picture.shape[0] > whole.shape[0]
    assert (picture[: whole.shape[0], : whole.shape[1]] == whole).all()
    line = picture[whole.shape[0] :]
    assert line.max() > 200
    assert line[:, -1].max() == 0  # the line ends within the picture
    assert (opened(picture_of(x[:100]) or b"") == whole).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_large_pictures_are_shown_smaller(channels: int) -> None:
    x = np.repeat(np.arange(0, 250, 50, dtype=np.uint8), 1001 * 1000 * channels)
    x = x.reshape(5, 1001, 1000, channels)
    picture = opened(picture_of(x) or b"")
    assert picture.shape[0] * picture.shape[1] <= 1600 * 1640
    middles = picture[250:1003:503, 250::502, 0].astype(int)  # half of 1001, and of 1000, and 2
    assert np.abs(middles - [[0, 50, 100], [150, 200, 0]]).max() <= (channels == 4)
    one = opened(picture_of(x[4].repeat(3, 0)) or b"")
    assert one.shape == (1502 + 20, 500, channels)


def test_importing_gansdk_imports_no_ipython() -> None:
    code = "import sys, gansdk; assert not {'IPython', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_loading_without_pillow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import gansdk

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=re.escape("gansdk[images]")):
        gansdk.load_ipython_extension(SimpleNamespace())
