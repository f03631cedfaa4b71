"""The benchmark of pictures runs, writes what it should, and stops at a wrong answer."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk import _core
from gansdk import images as gansdk_images
from gansdk.errors import MissingDependencyError

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.answers import WrongAnswer
from benchmarks.peers import Absent
from benchmarks.pictures import answers, bench, encoders, inputs, ours, section, targets

from benchmarks import case as cases
from benchmarks import images, tables

sys.path.pop(0)

BEST = next(iter(images.SECTIONS))
SOME = ["convert-32", "convert-threads", "png-64", "jpeg-64", "floats-png-64", "floats-jpeg-64"]
TO_UINT8 = gansdk_images.to_uint8


@pytest.fixture(autouse=True)
def nothing_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("GANSDK_ISA", "ATEN_CPU_CAPABILITY", "OPENCV_CPU_DISABLE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def chosen(tmp_path: Path) -> list[str]:
    """Options of one section in this process."""
    file = str(tmp_path / "section.json")
    return ["--quick", "--section", BEST, "--peers", "numpy", "pillow", "--json", file]


def test_a_quick_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.json"
    options = ["--quick", "--peers", "numpy", "pillow", "--json", str(file), "--cases", *SOME]
    assert images.main(options) == 0
    run = json.loads(file.read_text())
    assert {"date", "machine", "versions", "load"} <= set(run)
    assert [one["isa"] for one in run["sections"]] == _core.available_isas()[::-1]
    assert [case["name"] for case in run["sections"][0]["cases"]] == SOME
    for one in run["sections"]:
        for case in one["cases"]:
            assert_is_a_comparison(case)
    printed = capsys.readouterr().out
    assert printed == tables.markdown(run)
    assert printed.count(inputs.describe()) == 1
    assert encoders.PILLOW_6 in printed


def assert_is_a_comparison(case: dict[str, Any]) -> None:
    first = case["rows"][0]
    assert first["name"].startswith("gansdk")
    assert first["ratio"] == [1, 1, 1]
    for row in case["rows"]:
        low, high = row["wall_quartiles"]
        assert 0 < low <= row["wall"] <= high
        assert len(row["samples"]["wall_seconds"]) == case["rounds"]
        # A rate: what a call makes, over the median of its seconds.
        scale = 1e-9 if case["unit"] == "GB/s" else 1
        seconds = float(np.median(row["samples"]["wall_seconds"]))
        assert row["wall"] == pytest.approx(scale * case["amount"] / seconds)
        assert all(math.isfinite(x) for x in [*row["ratio"], *row["facts"].values()])


def test_files_have_a_size_beside_pillows(chosen: list[str]) -> None:
    assert images.main([*chosen, "--cases", "png-64"]) == 0
    (case,) = json.loads(Path(chosen[-1]).read_text())["cases"]
    sizes = {row["name"]: row["facts"][targets.BYTES] for row in case["rows"]}
    assert sizes[encoders.PILLOW_6] == 1
    assert sizes["Pillow PNG, level 1"] > 1


@pytest.mark.parametrize("case", ["convert-32", "convert-nhwc", "convert-float16"])
def test_a_wrong_level_stops_it(
    case: str,
    chosen: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def one_level_off(*arguments: Any, **options: Any) -> Any:
        levels = TO_UINT8(*arguments, **options)
        levels[-1, -1, -1, -1] ^= 1
        return levels

    monkeypatch.setattr(gansdk_images, "to_uint8", one_level_off)
    assert images.main([*chosen, "--cases", case]) == 1
    assert "wrong answer" in capsys.readouterr().err
    assert not Path(chosen[-1]).exists()


@pytest.mark.parametrize(
    ("case", "function"),
    [
        ("png-64", "encode"),
        ("jpeg-64", "encode"),
        ("floats-png-64", "encode_floats"),
        ("floats-jpeg-64", "encode_floats"),
    ],
)
def test_a_wrong_picture_stops_it(
    case: str,
    function: str,
    chosen: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def order_reversed(pictures: inputs.Bytes, *arguments: Any, **options: Any) -> list[bytes]:
        return encode(pictures, *arguments, **options)[::-1]

    encode = getattr(ours, function)
    monkeypatch.setattr(ours, function, order_reversed)
    assert images.main([*chosen, "--cases", case]) == 1
    assert "decodes to other pixels" in capsys.readouterr().err
    assert not Path(chosen[-1]).exists()


@pytest.mark.parametrize("rounding", list(answers.ROUNDINGS))
def test_roundings_are_told_apart(rounding: str) -> None:
    x = inputs.floats(inputs.pictures(6, 32), reach=0.5)
    made = {name: levels(x) for name, levels in answers.ROUNDINGS.items()}
    share = answers.check_levels("right", made[rounding], x, rounding)
    assert (share > 0.4) == (rounding == "truncate")
    others = [name for name in made if (name == "truncate") != (rounding == "truncate")]
    for other in others:
        with pytest.raises(WrongAnswer, match="not rounded as"):
            answers.check_levels("wrong", made[other], x, rounding)
    with pytest.raises(WrongAnswer, match="more than one"):
        answers.check_levels("wrong", made[rounding][::-1], x, rounding)
    with pytest.raises(WrongAnswer, match="not uint8"):
        answers.check_levels("wrong", made[rounding].transpose(0, 3, 1, 2), x, rounding)


def test_the_floats_round_to_the_pictures() -> None:
    levels = inputs.pictures(6, 32)
    x = inputs.floats(levels)
    assert np.array_equal(TO_UINT8(x), levels)
    assert np.array_equal(answers.ROUNDINGS["up"](x), levels)
    assert float(x.min()) < -1
    assert float(x.max()) > 1


@pytest.mark.parametrize("side", [64, 512])
def test_pictures_are_the_same_each_time_and_all_different(side: int) -> None:
    once = inputs.pictures(6, side)
    assert once.shape == (6, side, side, 3)
    assert np.array_equal(once, inputs.pictures(6, side))
    assert len({picture.tobytes() for picture in once}) == 6
    assert all(picture.std() > 10 for picture in once)


def test_wrong_files_are_found() -> None:
    pictures = inputs.pictures(3, 64)
    png, jpeg = (
        next(one for one in encoders.pillow_encoders() if one.lossless == lossless)
        for lossless in (True, False)
    )
    files = png.bind(pictures)()
    answers.check_lossless("right", files, pictures)
    with pytest.raises(WrongAnswer, match="2 files of 3"):
        answers.check_lossless("short", files[:2], pictures)
    with pytest.raises(WrongAnswer, match="picture 2 decodes"):
        answers.check_lossless("one bit", files, np.concatenate([pictures[:2], pictures[2:] ^ 1]))
    lossy = jpeg.bind(pictures)()
    assert answers.check_lossy("right", lossy, pictures) > answers.LEAST_DECIBELS
    with pytest.raises(WrongAnswer, match="picture 0 decodes"):
        answers.check_lossless("lossy", lossy, pictures)
    with pytest.raises(WrongAnswer, match="decodes to other pixels"):
        answers.check_lossy("BGR", lossy, np.ascontiguousarray(pictures[..., ::-1]))


def test_a_case_that_gansdk_cannot_make_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: Any, **options: Any) -> list[bytes]:
        raise MissingDependencyError("pip install 'gansdk[images]'")

    monkeypatch.setattr(ours, "encode", missing)
    here = bench.Bench(bench.QUICK, ["pillow"])
    one = section.run_section("a section", here, ["jpeg-64", "convert-32"])
    assert one["absent"] == {"the case jpeg-64": "pip install 'gansdk[images]'"}
    assert [case["name"] for case in one["cases"]] == ["convert-32"]


def test_no_originals_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "ORIGINALS", {"nothing": ("no_such_package", "data/no.png")})
    with pytest.raises(SystemExit, match="install"):
        inputs.originals()


def test_an_absent_peer_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> list[Any]:
        raise Absent("`pip install opencv-python-headless`")

    monkeypatch.setitem(bench.CONVERTERS, "opencv", absent)
    here = bench.Bench(bench.QUICK, ["numpy", "opencv"])
    one = section.run_section("a section", here, ["convert-32"])
    assert one["absent"] == {"opencv": "`pip install opencv-python-headless`"}
    run = {"date": "", "machine": dict.fromkeys(MACHINE), "versions": {}, "load": None}
    text = tables.markdown({**run, "sections": [one]})
    assert "Absent: opencv; to have it: `pip install opencv-python-headless`" in text
    assert "numpy, in place" in text


MACHINE = ("cpu", "cores", "system", "architecture", "python")


def test_targets() -> None:
    row = targets.OPENCV
    assert targets.target("avx512", "convert-32", row) == targets.Target(8, 8)
    assert targets.target("avx2", "convert-1024", row) == targets.Target(1.2, 1.2)
    assert targets.target("baseline", "convert-32", row) is None
    assert targets.most("png-256", encoders.GANSDK_PNG) == {targets.BYTES: 1.03}
    assert targets.most("png-256", encoders.PILLOW_6) == {}


def test_every_target_belongs_to_a_case() -> None:
    assert set(targets.TARGETS) | set(targets.MOST_BYTES) <= set(section.ALL)


def test_units() -> None:
    assert cases.NS_A_VALUE.of(2e-6, 1000) == pytest.approx(2)
    assert cases.US_A_CALL.of(2e-6, 1) == pytest.approx(2)
    assert cases.GB_A_SECOND.of(0.5, 10**9) == pytest.approx(2)
    assert cases.IMAGES_A_SECOND.of(0.5, 32) == pytest.approx(64)
