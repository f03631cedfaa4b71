"""Who may import whom (DESIGN section 2), read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python" / "gansdk"
EXPORT = ROOT / "export"

ROWS = {
    "errors": 1,
    "_core": 1,
    "arguments": 1,
    "cpus": 1,
    "documents": 1,
    "staging": 1,
    "spec": 2,
    "latents": 2,
    "images": 2,
    "models": 2,
    "selection": 2,
    "backends": 3,
    "golden": 3,
    "network": 4,
    "translation": 5,
    "sampler": 6,
    "provenance": 7,
    "adoption": 8,
    "refine": 8,
    "jobs": 8,
    "evaluate": 8,
    "cli": 9,
}
MAY_IMPORT = {
    "export": {part for part, row in ROWS.items() if row <= 3},
    "train": {part for part, row in ROWS.items() if row <= 2} | {"evaluate"},
    "cli": set(ROWS) | {"export", "train"},
}
TORCH = {"export", "train"}
TORCH_FILES = {PACKAGE / "backends" / "torch_module.py"}


def part_of(path: Path) -> str:
    if path.is_relative_to(EXPORT):
        return "export"
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    found = [*PACKAGE.rglob("*.py"), *EXPORT.rglob("*.py")]
    assert len(found) > 30
    return sorted(path for path in found if path != PACKAGE / "__init__.py")


def module_of(path: Path) -> list[str]:
    if path.is_relative_to(EXPORT):
        parts = ["gansdk", "export", *path.relative_to(EXPORT).parts]
    else:
        parts = ["gansdk", *path.relative_to(PACKAGE).parts]
    return parts[:-1]  # the package that holds the file


def imports(path: Path) -> Iterator[str]:
    """Every absolute module name that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module_of(path)[: len(module_of(path)) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_each_file_imports_only_from_the_rows_above_it(path: Path) -> None:
    part = part_of(path)
    row = ROWS.get(part)
    allowed = MAY_IMPORT.get(part)
    if allowed is None:
        assert row is not None, f"{part} has no row in the import order"
        # Files of one row know each other only within their own package, or as plain helpers.
        allowed = {other for other, r in ROWS.items() if r < row or (r == row and row <= 2)}
    for name in imports(path):
        if name == "gansdk" or not name.startswith("gansdk."):
            continue
        other = name.split(".")[1]
        assert other in {*allowed, part}, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_torch_is_imported_only_where_it_may_be(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    if part_of(path) not in TORCH and path not in TORCH_FILES:
        assert not roots & {"torch", "onnx", "onnxscript"}


def test_init_files_only_re_export() -> None:
    for path in [*PACKAGE.rglob("__init__.py"), EXPORT / "__init__.py"]:
        for node in ast.parse(path.read_text()).body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_table = isinstance(node, (ast.Assign, ast.AnnAssign))  # __all__, RECIPES
            assert is_docstring or is_table or isinstance(node, ast.ImportFrom), path
