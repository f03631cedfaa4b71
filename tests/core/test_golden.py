"""The golden hashes hold on every instruction set, for any number of threads and any split."""

from __future__ import annotations

import hashlib
import os
import runpy
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansdk import _core

from .golden import CASES, FILE, ROOT, Case, draw

SMALL = [case for case in CASES if case.size <= 1 << 18]  # bytes
LARGE = [case for case in CASES if case.size > 1 << 20]


def test_the_file_is_what_the_reference_gives() -> None:
    script = ROOT / "tools" / "write_golden_latents.py"
    if not script.exists():
        pytest.skip("the sources are not here: the tests run beside an installed package alone")
    assert runpy.run_path(str(script))["text"]() == FILE.read_text()


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512"])
def test_every_instruction_set(isa: str) -> None:
    if isa not in _core.available_isas():
        pytest.skip(f"this CPU lacks {isa}")
    code = "import sys; sys.path.insert(0, sys.argv[1]); import golden; golden.check_all()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(Path(__file__).parent)],
        env={**os.environ, "GANSDK_ISA": isa},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [isa, str(len(CASES))]


@pytest.mark.parametrize("case", LARGE, ids=str)
def test_one_to_eight_threads(case: Case) -> None:
    assert [n for n in range(1, 9) if not case.holds(draw(case, 0, case.count, n))] == []


@pytest.mark.parametrize("case", LARGE, ids=str)
def test_fixed_cuts_of_large_cases(case: Case) -> None:
    joined = hashlib.sha256()
    cuts = sorted({0, 1, case.count // 3, case.count // 2 + 1, case.count - 1, case.count})
    for first, last in pairwise(cuts):
        joined.update(case.bytes_in(draw(case, first, last - first)))
    assert joined.hexdigest() == case.sha256


@given(data=st.data(), case=st.sampled_from(SMALL))
def test_any_split(data: st.DataObject, case: Case) -> None:
    cuts = data.draw(st.lists(st.integers(0, case.count), max_size=5).map(sorted))
    edges = [0, *cuts, case.count]
    parts = [draw(case, a, b - a) for a, b in pairwise(edges) if a < b]
    joined = b"".join(case.bytes_in(part) for part in parts)
    assert hashlib.sha256(joined).hexdigest() == case.sha256
