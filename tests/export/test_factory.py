"""Finding what makes a network: every way in which it can fail is one line that says where."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gansdk.errors import ExportError, GansdkError, InvalidArgumentError  # noqa: E402
from gansdk.export.factory import build_module, find_function, importable  # noqa: E402

CODE = """\
import torch
from torch import nn


class Generator(nn.Module):
    def __init__(self, size=4, *, bias=True):
        super().__init__()
        self.linear = nn.Linear(size, 3, bias=bias)

    def forward(self, z):
        import late_friend

        return late_friend.same(self.linear(z))


class Holder:
    made = Generator(2)


def make(size):
    return Generator(size)


def broken(size=4):
    raise RuntimeError("no weights at hand\\nsecond line")


def broken_in_torch():
    return nn.Linear(2, 2)(torch.zeros(3))


def two():
    return Generator(), Generator()


def ends():
    raise SystemExit("usage: ...")


number = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with a package and a file, unknown to Python's path until asked for."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_networks").mkdir()
    for name in ("own_networks/tiny.py", "alone.py"):
        (tmp_path / name).write_text(CODE)
    (tmp_path / "late_friend.py").write_text("def same(x):\n    return x\n")
    known, path = set(sys.modules), list(sys.path)
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - known:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("factory", "arguments", "size"),
    [
        ("own_networks.tiny:Generator", {}, 4),
        ("own_networks.tiny:Generator", {"size": 6, "bias": False}, 6),
        ("own_networks.tiny:make", {"size": 5}, 5),
        ("own_networks.tiny:Holder.made", {}, 2),
        ("own_networks/tiny.py:make", {"size": 5}, 5),
        ("alone:Generator", {}, 4),
        ("./alone.py:Generator", {}, 4),
    ],
)
def test_every_way_to_name_one(folder: Path, factory: str, arguments: dict, size: int) -> None:  # type: ignore[type-arg]
    with importable(folder):
        module = build_module(factory, arguments)
        assert module(torch.zeros(2, size)).shape == (2, 3)
    assert str(folder) not in sys.path


def test_functions_are_found_the_same_way(folder: Path) -> None:
    with importable(folder):
        assert find_function("alone.py:make")(5).linear.in_features == 5
        for name in ("alone:Generator", "alone:number", "alone:Holder.made", "alone:nothing"):
            with pytest.raises(InvalidArgumentError, match="alone"):
                find_function(name)


def test_a_file_is_run_once_for_generator_and_discriminator(folder: Path) -> None:
    with importable(folder):
        first, second = build_module("alone.py:Generator"), build_module("alone.py:Generator")
    assert type(first) is type(second)


def test_files_of_one_name_in_two_folders(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "alone.py").write_text(CODE.replace("size=4", "size=9"))
    with importable(folder):
        assert build_module("alone.py:Generator").linear.in_features == 4
        assert build_module("other/alone.py:Generator").linear.in_features == 9
        assert build_module("alone.py:Generator").linear.in_features == 4


def test_random_values_are_of_seed_0_and_the_state_of_torch_is_kept(folder: Path) -> None:
    with importable(folder):
        torch.manual_seed(1)
        first = build_module("alone:Generator").linear.weight
        after = torch.rand(1)
        second = build_module("alone:Generator").linear.weight
    torch.manual_seed(1)
    assert torch.equal(first, second)
    assert torch.equal(after, torch.rand(1))


@pytest.mark.parametrize(
    ("factory", "arguments", "message"),
    [
        ("alone", {}, "'alone' names nothing in a file: write package.module:name"),
        ("alone:", {}, "names nothing in a file"),
        (":Generator", {}, "names nothing in a file"),
        ("nowhere.net:Generator", {}, "there is no module 'nowhere' to import"),
        ("own_networks.nowhere:G", {}, "there is no module 'own_networks.nowhere' to import"),
        ("nowhere.py:Generator", {}, "there is no file nowhere.py"),
        ("alone:Genrator", {}, "there is no 'Genrator' in alone: it has Generator"),
        ("alone:number", {}, "alone:number is an int: a factory is"),
        ("alone:Holder.made", {"size": 3}, "is a module already and takes no arguments"),
        ("alone:make", {}, "missing a required argument: 'size': give its arguments with"),
        ("alone:make", {"sise": 3}, "alone:make takes (size)"),
    ],
)
def test_what_is_not_there(folder: Path, factory: str, arguments: dict, message: str) -> None:  # type: ignore[type-arg]
    with importable(folder), pytest.raises(InvalidArgumentError) as caught:
        build_module(factory, arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def line_of(text: str) -> int:
    return CODE.splitlines().index(text) + 1


def test_code_that_fails_is_told_with_its_own_line(folder: Path) -> None:
    place = folder / "alone.py"
    cases = {
        "broken": ('    raise RuntimeError("no weights at hand\\nsecond line")', "RuntimeError: "),
        "broken_in_torch": ("    return nn.Linear(2, 2)(torch.zeros(3))", "RuntimeError: mat"),
        "ends": ('    raise SystemExit("usage: ...")', "SystemExit: usage"),
    }
    for name, (line, what) in cases.items():
        with importable(folder), pytest.raises(ExportError) as caught:
            build_module(f"alone.py:{name}")
        assert what in str(caught.value)
        assert f"({place}:{line_of(line)})" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.__cause__ is not None


def test_what_gives_no_module(folder: Path) -> None:
    with importable(folder), pytest.raises(ExportError, match="a tuple of Generator, Generator"):
        build_module("alone:two")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import torch\nx = torch.zeros(2) @ torch.zeros(3)\n", "bad.py:2)"),
        ("def f(:\n", "SyntaxError: "),
        ("import not_installed_anywhere\n", "No module named 'not_installed_anywhere' ("),
        ("from . import other\n", "name a file of a package as package.module"),
        ("import sys\nsys.exit(1)\n", "belongs under if __name__ == '__main__'"),
    ],
)
@pytest.mark.parametrize("factory", ["bad:Generator", "bad.py:Generator"])
def test_files_that_cannot_be_imported(folder: Path, code: str, message: str, factory: str) -> None:
    (folder / "bad.py").write_text(code)
    with importable(folder), pytest.raises(GansdkError) as caught:
        build_module(factory)
    assert isinstance(caught.value, ExportError)
    assert "bad" in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    # Nothing half-imported is left for the next try.
    (folder / "bad.py").write_text(CODE + "# longer than before, so that no cache is taken\n")
    with importable(folder):
        assert build_module(factory) is not None
