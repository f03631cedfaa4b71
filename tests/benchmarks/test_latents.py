"""The benchmark of latents runs, writes what it should, and stops at a wrong answer."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk import _core
from gansdk import latents as gansdk_latents

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks import answers, bench, latents, machine, peers, runner, tables, targets, timing
from benchmarks import section as sections

sys.path.pop(0)

BEST = next(iter(latents.SECTIONS))
Floats = np.ndarray[Any, np.dtype[np.float32]]


@pytest.fixture(autouse=True)
def nothing_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GANSDK_ISA", "MKL_ENABLE_INSTRUCTIONS", "ATEN_CPU_CAPABILITY"):
        monkeypatch.delenv(variable, raising=False)


def test_a_quick_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    assert latents.main(["--quick", "--peers", "numpy", "--json", str(file)]) == 0
    run = json.loads(file.read_text())
    assert {"date", "machine", "versions", "load"} <= set(run)
    assert run["machine"]["cpu"]
    assert [section["isa"] for section in run["sections"]] == _core.available_isas()[::-1]
    assert len(run["sections"][0]["cases"]) == len(latents.ALL)
    for section in run["sections"]:
        assert section["absent"] == {}
        for case in section["cases"]:
            assert_is_a_comparison(case)
    printed = capsys.readouterr().out
    assert printed == tables.markdown(run)
    assert "numpy SFC64" in printed
    assert targets.MACHINE in printed


def assert_is_a_comparison(case: dict[str, Any]) -> None:
    first, *others = case["rows"]
    assert first["name"].startswith("gansdk")
    assert first["ratio"] == [1, 1, 1]
    assert any("numpy" in row["name"] for row in others)
    for row in case["rows"]:
        low, high = row["wall_quartiles"]
        assert 0 < low <= row["wall"] <= high
        assert row["cpu"] > 0
        assert row["ratio"] == sorted(row["ratio"])
        assert len(row["samples"]["wall_seconds"]) == case["rounds"]
        assert all(math.isfinite(x) for x in [*row["ratio"], *row["cpu_ratio"]])


def one_bit_off(*shape: int, **options: Any) -> Floats:
    z = NORMAL(*shape, **options)
    z.view(np.uint32)[-1, -1] ^= 1
    return z


NORMAL = gansdk_latents.normal


def test_a_wrong_bit_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gansdk_latents, "normal", one_bit_off)
    file = tmp_path / "section.json"
    options = ["--quick", "--section", BEST, "--peers", "numpy", "--json", str(file)]
    assert latents.main(options) == 1
    assert "wrong answer" in capsys.readouterr().err
    assert not file.exists()


def test_a_section_that_fails_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner.Benchmark, "_section_in_a_process", lambda *arguments: None)
    file = tmp_path / "run.json"
    assert latents.main(["--quick", "--peers", "numpy", "--json", str(file)]) == 1
    assert not file.exists()
    assert capsys.readouterr().out == ""


def test_an_absent_peer_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> list[peers.Peer]:
        raise peers.Absent("`pip install mkl`")

    monkeypatch.setitem(bench.FAMILIES, "mkl", absent)
    here = bench.Bench(bench.QUICK, ["numpy", "mkl"])
    assert here.absent == {"mkl": "`pip install mkl`"}
    assert {peer.family for peer in here.peers} == {"numpy"}
    run = {"date": "", "machine": machine.machine(), "versions": {}, "load": None}
    run["sections"] = [sections.run_section("a section", here, ["labels-10"])]
    assert "Absent: mkl; to have it: `pip install mkl`" in tables.markdown(run)


def test_a_forced_instruction_set_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANSDK_ISA", "baseline")
    with pytest.raises(SystemExit, match="unset GANSDK_ISA"):
        latents.main(["--quick"])


def filler(draw: Callable[[np.random.Generator, int], Any]) -> tuple[Callable[[], None], Floats]:
    rng, out = np.random.default_rng(1), np.zeros(1 << 14, np.float32)
    return lambda: np.copyto(out, draw(rng, out.size), casting="same_kind"), out


def test_a_right_peer_passes() -> None:
    answers.check_normals("right", *filler(lambda rng, n: rng.standard_normal(n)))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda rng, n: rng.uniform(-math.sqrt(3), math.sqrt(3), n), "largest"),
        (lambda rng, n: rng.standard_normal(n) * 1.1, "variance"),
        (lambda rng, n: rng.standard_normal(n) + 0.1, "mean"),
        (lambda rng, n: np.random.default_rng(2).standard_normal(n), "repeats"),
        (lambda rng, n: np.append(rng.standard_normal(n - 1), np.nan), "written"),
    ],
)
def test_a_wrong_peer_is_found(draw: Callable[..., Any], words: str) -> None:
    with pytest.raises(answers.WrongAnswer, match=words):
        answers.check_normals("wrong", *filler(draw))


@pytest.mark.parametrize("threshold", [0.5, 1.0, 2.0, 4.0])
def test_truncated_peers(threshold: float) -> None:
    z = np.random.default_rng(1).standard_normal(1 << 16)
    inside = z[np.abs(z) <= threshold]
    answers.check_truncated("right", inside, threshold)
    with pytest.raises(answers.WrongAnswer, match="outside"):
        answers.check_truncated("wrong", np.append(inside, threshold * 1.01), threshold)
    with pytest.raises(answers.WrongAnswer, match="variance"):
        answers.check_truncated("wrong", np.linspace(-threshold, threshold, 1 << 16), threshold)


def test_wrong_words_and_labels_are_found() -> None:
    rng = np.random.default_rng(1)
    words = rng.integers(0, 2**32, 1 << 14, np.uint32)
    answers.check_words("right", words)
    with pytest.raises(answers.WrongAnswer, match="bit 7"):
        answers.check_words("wrong", words | np.uint32(128))
    prior = np.array([0.2, 0.8])
    answers.check_labels("right", (rng.random(1 << 14) > 0.2).astype(int), prior)
    with pytest.raises(answers.WrongAnswer, match="shares"):
        answers.check_labels("wrong", (rng.random(1 << 14) > 0.3).astype(int), prior)


def test_rounds_are_interleaved() -> None:
    order: list[str] = []
    calls = {name: (lambda n=name: order.append(n)) for name in "abc"}
    timed = timing.interleaved(calls, rounds=3, sample_seconds=0)
    assert order[-9:] == [*"abc", *"bca", *"cab"]
    assert [one.name for one in timed] == [*"abc"]
    assert all(len(one.wall) == len(one.cpu) == 3 for one in timed)


def test_ratios_are_taken_round_by_round() -> None:
    # The machine halves its speed from round to round; the ratio does not move.
    assert timing.ratios([2, 4, 8], [1, 2, 4]) == timing.Spread(2, 2, 2)
    assert timing.spread([5.0]) == timing.Spread(5, 5, 5)
    assert timing.spread([1, 2, 3, 4, 100]) == timing.Spread(2, 3, 4)


def test_a_busy_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 4)
    assert machine.too_busy(2.0) is None
    assert machine.too_busy(None) is None
    assert "load average 2.1 on 4 CPUs" in str(machine.too_busy(2.1))


def test_targets_belong_to_an_instruction_set() -> None:
    assert targets.target("avx512", "normal 256 KiB", "numpy SFC64") == targets.Target(18, 28)
    assert targets.target("avx2", "normal 256 KiB", "numpy SFC64") == targets.Target(8, 10)
    assert targets.target("baseline", "normal 256 KiB", "numpy SFC64") is None
    assert targets.target("avx512", "truncated 0.5", "scipy truncnorm.rvs") is not None
