"""Latents: known answers, the NumPy reference bit for bit, and independence of everything else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansdk import _core, latents
from gansdk.errors import InvalidArgumentError, OutOfMemoryError

LAST = 2**64 - 1
sys.path.insert(0, str(Path(__file__).parents[1]))
import reference  # noqa: E402
from known_answers import rows_of, same_bits, ulps, words_near_everything  # noqa: E402

sys.path.pop(0)

ISAS = ["baseline", "avx2", "avx512"]
uint64 = st.integers(0, LAST)
DRAWS = [
    latents.normal,
    latents.uniform,
    partial(latents.truncated_normal, threshold=0.7),
    partial(latents.truncated_normal, threshold=3.0),
]


def test_normal_known_answers() -> None:
    for seed, index, stream, element, bits in rows_of("normal_known_answers.txt", "normal"):
        z = latents.normal(1, element + 1, seed=seed, start=index, stream=stream)
        assert int(z.view(np.uint32)[0, element]) == bits


def test_reference_gives_the_known_answers() -> None:
    for a, b, sine, cosine in rows_of("normal_known_answers.txt", "box"):
        r = reference.radius(np.array([a], np.uint32))
        s, c = reference.sincos_turns(np.array([b], np.uint32))
        assert [int((r * x).view(np.uint32)[0]) for x in (s, c)] == [sine, cosine]


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(0, 70),
    dim=st.integers(1, 40),
    seed=uint64,
    start=st.integers(0, LAST - 70),
    stream=st.integers(0, 2**32 - 1),
)
def test_equals_the_reference_bit_for_bit(
    count: int, dim: int, seed: int, start: int, stream: int
) -> None:
    arguments = {"seed": seed, "start": start, "stream": stream}
    expected = reference.normal(count, dim, **arguments)
    assert same_bits(latents.normal(count, dim, **arguments), expected)
    expected = reference.uniform(count, dim, **arguments)
    assert same_bits(latents.uniform(count, dim, **arguments), expected)


def test_a_large_draw_equals_the_reference() -> None:
    expected = reference.normal(300, 1023, 5, 2**32 - 100)
    assert same_bits(latents.normal(300, 1023, seed=5, start=2**32 - 100), expected)


def float_of(bits: int) -> float:
    return float(np.array(bits, np.uint32).view(np.float32))


def test_reference_gives_the_other_laws_known_answers() -> None:
    name = "laws_known_answers.txt"
    for word, bits in rows_of(name, "uniform"):
        value = np.array([(word >> 8) * 2.0**-23 - 1], np.float32)
        assert int(value.view(np.uint32)[0]) == bits
    for word, bits in rows_of(name, "random"):
        assert int(np.array([(word + 0.5) / 2.0**32]).view(np.uint64)[0]) == bits
    for threshold, below, between in rows_of(name, "truncation"):
        found = np.array(reference.truncation(float_of(threshold)), np.float32)
        assert found.view(np.uint32).tolist() == [below, between]
    for threshold, word, bits in rows_of(name, "truncated"):
        z = reference.truncated_quantile(np.array([word], np.uint32), float_of(threshold))
        assert int(z.view(np.uint32)[0]) == bits


def test_random_is_the_word_in_the_unit_interval() -> None:
    u = latents.random(50, 7, seed=LAST, start=2**32 - 20, stream=latents.ACCEPT_STREAM)
    assert same_bits(u, reference.random(50, 7, LAST, 2**32 - 20, 2))
    assert 0 < u.min() < u.max() < 1
    out = np.empty((50, 7))
    arguments = {"seed": LAST, "start": 2**32 - 20, "stream": 2, "threads": 2}
    assert latents.random(50, 7, out=out, **arguments) is out
    assert same_bits(out, u)
    with pytest.raises(InvalidArgumentError, match="float64"):
        latents.random(50, 7, seed=0, out=np.empty((50, 7), np.float32))  # type: ignore[arg-type]


def test_streams_have_names() -> None:
    assert [latents.LATENT_STREAM, latents.LABEL_STREAM, latents.ACCEPT_STREAM] == [0, 1, 2]
    assert [latents.noise_stream(0), latents.noise_stream(2**32 - 17)] == [16, 2**32 - 1]
    for k in (-1, 2**32 - 16, 1.0):
        with pytest.raises(InvalidArgumentError, match="k must be"):
            latents.noise_stream(k)  # type: ignore[arg-type]


def test_radius_sine_and_cosine_are_accurate() -> None:
    w = words_near_everything()
    u = (w + 0.5) / 2.0**32
    rest = (2.0**32 - 0.5 - w) / 2.0**32
    exact = np.sqrt(-2 * np.where(u > 0.5, np.log1p(-rest), np.log(u)))
    assert ulps(reference.radius(w), exact) < 1.65
    sine, cosine = reference.sincos_turns(w)
    signed = w.astype(np.int64)
    signed = signed - (signed >> 31 << 32)  # within half a turn, so that zeros stay exact
    half = np.where(signed > 2**30, 2**31 - signed, signed)
    half = np.where(signed < -(2**30), -(2**31) - signed, half)
    exact = np.sin(half * (2 * np.pi / 2**32))
    assert ulps(sine[exact != 0], exact[exact != 0]) < 1.9
    quarter = 2**30 - np.abs(signed)
    exact = np.sin(quarter * (2 * np.pi / 2**32))
    away = np.abs(quarter) < 2**30
    away &= exact != 0
    small = away & (np.abs(quarter) <= 2**29)
    assert ulps(cosine[small], exact[small]) < 1.9
    exact = np.cos(signed * (2 * np.pi / 2**32))
    large = np.abs(quarter) > 2**29
    assert ulps(cosine[large], exact[large]) < 1.9


def test_radius_keeps_its_precision_at_the_last_word() -> None:
    w = np.array([2**32 - 1, 0], np.uint32)
    exact = [np.sqrt(-2 * np.log1p(-(2.0**-33))), np.sqrt(66 * np.log(2))]
    assert np.allclose(reference.radius(w), exact, rtol=1e-7, atol=0)


def test_moments() -> None:
    z = latents.normal(4096, 512, seed=11).astype(np.float64)
    n = z.size
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - moment) < 4 * np.sqrt(variance / n)
    assert abs((z[:, :-1] * z[:, 1:]).mean()) < 4 / np.sqrt(n)
    assert abs((z[:-1] * z[1:]).mean()) < 4 / np.sqrt(n)
    assert 4.5 < np.abs(z).max() < 6.77
    u = latents.uniform(4096, 512, seed=11)
    assert u.min() >= -1
    assert u.max() < 1
    assert abs(u.mean(dtype=np.float64)) < 4 * np.sqrt(1 / 3 / n)


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5, 63, 64, 65, 256, 257, 1000])
def test_rows_do_not_depend_on_the_batch(draw: object, dim: int) -> None:
    whole = draw(130, dim, seed=3, start=2**32 - 60)  # type: ignore[operator]
    for first, count in ((0, 1), (1, 64), (59, 3), (129, 1)):
        part = draw(count, dim, seed=3, start=2**32 - 60 + first)  # type: ignore[operator]
        assert same_bits(part, whole[first : first + count])
    longer = draw(130, dim + 7, seed=3, start=2**32 - 60)  # type: ignore[operator]
    assert (longer[:, :dim] == whole).all()


@pytest.mark.parametrize(("count", "dim"), [(1, 700_001), (9000, 128), (600_001, 1)])
def test_threads_change_nothing(count: int, dim: int) -> None:
    one = latents.normal(count, dim, seed=3, threads=1)
    for threads in (2, 7, None):
        assert same_bits(latents.normal(count, dim, seed=3, threads=threads), one)


def test_one_seed_a_row() -> None:
    seeds = [0, 7, LAST, 7]
    for given_seeds in (seeds, tuple(seeds), np.array(seeds, np.uint64)):
        z = latents.normal(4, 33, seed=given_seeds, start=5)
        for row, seed in zip(z, seeds, strict=True):
            assert same_bits(row[None], latents.normal(1, 33, seed=seed, start=5))
    many = np.arange(6000)
    z = latents.normal(6000, 128, seed=many, threads=3)
    assert same_bits(z[5999:], latents.normal(1, 128, seed=np.int64(5999)))
    drawn = latents.labels(3, prior=[1, 2, 3], seed=[1, 2, 1])
    assert drawn[0] == drawn[2] == latents.labels(1, prior=[1, 2, 3], seed=1)[0]


def test_last_index_and_streams() -> None:
    end = latents.normal(3, 6, seed=3, start=2**64 - 3)
    assert same_bits(end[2:], latents.normal(1, 6, seed=3, start=LAST))
    assert same_bits(latents.normal(2, 6, seed=[3, 3], start=LAST)[1:], end[2:])
    for start in (LAST, 2**64):
        assert latents.normal(0, 6, seed=3, start=start).shape == (0, 6)
        assert latents.normal(0, 6, seed=[], start=start).shape == (0, 6)
        assert latents.labels(0, prior=[1], seed=3, start=start).shape == (0,)
    with pytest.raises(InvalidArgumentError, match="start"):
        latents.normal(1, 6, seed=[3], start=2**64)
    assert latents.labels(1, prior=[1], seed=LAST, start=LAST).tolist() == [0]
    a = latents.normal(1, 64, seed=3)
    assert not (latents.normal(1, 64, seed=3, stream=2**32 - 1) == a).any()


def test_out_is_filled_and_returned() -> None:
    out = np.full((5, 9), np.nan, np.float32)
    assert latents.normal(5, 9, seed=1, out=out) is out
    assert same_bits(out, latents.normal(5, 9, seed=1))


@pytest.mark.parametrize("isa", ISAS)
def test_every_instruction_set_gives_the_same_bits(isa: str) -> None:
    if isa not in _core.available_isas():
        pytest.skip(f"this CPU or build lacks {isa}")
    code = (
        "import hashlib; from functools import partial; from gansdk import _core, latents\n"
        "short = partial(latents.truncated_normal, threshold=0.7)\n"
        "long = partial(latents.truncated_normal, threshold=3.0)\n"
        "h = hashlib.sha256()\n"
        "for d in (1, 3, 5, 64, 100, 129):\n"
        "    for f in (latents.normal, latents.uniform, short, long):\n"
        "        h.update(f(3000, d, seed=2**63 + 5, start=2**40).tobytes())\n"
        "print(_core.isa(), h.hexdigest())"
    )
    outputs = []
    for name in ("baseline", isa):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "GANSDK_ISA": name},
            capture_output=True,
            text=True,
            check=True,
        )
        active, digest = run.stdout.split()
        assert active == name
        outputs.append(digest)
    assert outputs[0] == outputs[1]


def test_unknown_instruction_set_is_refused_at_use() -> None:
    code = (
        "import gansdk.errors\nfrom gansdk import latents\n"
        "for _ in range(2):\n"
        "    try: latents.normal(1, 1, seed=0)\n"
        "    except gansdk.errors.GansdkError as e: print(type(e).__name__, e)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "GANSDK_ISA": "sse9"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = run.stdout.splitlines()
    assert first == second
    assert first.startswith("InvalidArgumentError GANSDK_ISA='sse9' is not an instruction set")
    assert "baseline" in first


BAD = [
    ({"count": -1}, "count"),
    ({"count": 1.0}, "count"),
    ({"count": True}, "count"),
    ({"dim": 0}, "dim"),
    ({"dim": 2**34 + 1}, "dim"),
    ({"seed": -1}, "seed"),
    ({"seed": 2**64}, "seed"),
    ({"seed": 1.5}, "seed"),
    ({"seed": True}, "seed"),
    ({"seed": None}, "seed"),
    ({"seed": "7"}, "seed"),
    ({"seed": [1]}, "1 seeds for 2 rows"),
    ({"seed": [1, -1]}, "seed"),
    ({"seed": [1, 2.0]}, "seed"),
    ({"seed": np.array([1, -1])}, "seed"),
    ({"seed": np.array([1.0, 2.0])}, "seed"),
    ({"seed": np.array([True, False])}, "seed"),
    ({"seed": np.ones((2, 1), int)}, "seed"),
    ({"start": -1}, "start"),
    ({"start": 2**64}, "start"),
    ({"start": LAST}, "start + count"),
    ({"stream": 2**32}, "stream"),
    ({"stream": -1}, "stream"),
    ({"threads": 0}, "threads"),
    ({"threads": 1.0}, "threads"),
    ({"count": 2**62}, "address space"),
    ({"count": 2**32, "dim": 2**34}, "address space"),
    ({"out": np.zeros((2, 4))}, "out"),
    ({"out": np.zeros((2, 5), np.float32)}, "out"),
    ({"out": [[0.0] * 4] * 2}, "out"),
    ({"out": np.zeros((4, 2), np.float32).T}, "out"),
    ({"out": np.broadcast_to(np.zeros(4, np.float32), (2, 4))}, "out"),
]


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize(("bad", "words"), BAD)
def test_bad_arguments(draw: object, bad: dict[str, object], words: str) -> None:
    arguments = {"count": 2, "dim": 4, "seed": 0, **bad}
    with pytest.raises(InvalidArgumentError, match=re.escape(words)) as caught:
        draw(**arguments)  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_what_cannot_be_allocated() -> None:
    with pytest.raises(OutOfMemoryError, match="GiB"):
        latents.normal(2**45, 2**12, seed=0)
