"""The cases: what is drawn, by gansdk and by each peer. Answers are checked while calls are bound.

All calls of a case write to one buffer, which was written before and stays in whatever cache it
fits in; a call that returns a new array pays for its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gansdk import _core, latents

from . import answers, mkl, truncated
from .bench import SEED, Bench, bind_checked, memset
from .case import US_A_CALL, Case
from .peers import Absent, Call, Floats, halves, in_threads

BUFFER = 1 << 16  # values in 256 KiB
THRESHOLDS = (0.5, 1.0, 2.0, 4.0)
DIMS = (128, 64, 16, 2)


def normal_buffer(bench: Bench) -> Case:
    """Every peer on the buffer of 256 KiB."""
    out = np.zeros(BUFFER, np.float32)
    case = Case("normal 256 KiB", "Normal, a buffer of 256 KiB, one thread", out.size)
    case.calls["gansdk, 512 x 128"] = bench.draw("normal", out.reshape(512, 128))
    case.calls["gansdk, 1 x 65536"] = bench.draw("normal", out.reshape(1, BUFFER))
    for peer in bench.peers:
        case.calls[peer.name] = bind_checked(peer, out)
    case.calls["memset"] = memset(out)
    return case


def normal_dims(bench: Bench) -> Case:
    """Short rows, which share no block of random words."""
    out = np.zeros(BUFFER, np.float32)
    case = Case("normal short rows", "Normal, short rows in 256 KiB, one thread", out.size)
    for dim in DIMS:
        rows = out.reshape(-1, dim)
        case.calls[f"gansdk, {len(rows)} x {dim}"] = bench.draw("normal", rows)
    for peer in bench.leading():
        case.calls[peer.name] = bind_checked(peer, out)
    return case


def normal_large(bench: Bench) -> Case:
    """Draw into a buffer beyond the caches, on one thread."""
    out = np.zeros((bench.effort.large_rows, 128), np.float32)
    flat = out.reshape(-1)
    case = Case("normal large", f"Normal, a buffer of {out.nbytes >> 20} MiB, one thread", out.size)
    case.calls["gansdk"] = bench.draw("normal", out)
    for peer in bench.leading():
        case.calls[peer.name] = bind_checked(peer, flat)
    case.calls["memset"] = memset(flat)
    return case


def normal_threads(bench: Bench) -> Case:
    """Draw the same on two threads; a peer, serial in itself, gets two streams."""
    out = np.zeros((bench.effort.large_rows, 128), np.float32)
    flat = out.reshape(-1)
    title = f"Normal, a buffer of {out.nbytes >> 20} MiB, two threads"
    case = Case("normal threads", title, out.size)
    case.calls["gansdk"] = bench.draw("normal", out, threads=2)
    case.calls["gansdk, 1 thread"] = bench.draw("normal", out)
    for peer in bench.leading():
        call = in_threads([bind_checked(peer, part, i) for i, part in enumerate(halves(flat))])
        case.calls[f"{peer.name}, two streams"] = call
    case.calls["memset"] = in_threads([memset(part) for part in halves(flat)])
    return case


def normal_call(bench: Bench) -> Case:
    """One batch of latents, as a program asks for it."""
    shape = (64, 512)
    title = "Normal, one call for a new array of 64 x 512"
    case = Case("normal call", title, 1, unit=US_A_CALL)
    expected = bench.reference.normal(*shape, SEED, 3)
    answers.check_bits("gansdk 64 x 512", latents.normal(*shape, seed=SEED, start=3), expected)
    start = 0

    def call() -> object:
        nonlocal start
        start += shape[0]
        return latents.normal(*shape, seed=SEED, start=start)

    case.calls["gansdk"] = call
    for peer in bench.leading():
        if peer.fresh is not None:
            case.calls[peer.name] = peer.fresh(shape, 7)
            out = np.zeros(shape, np.float32)
            copied = partial(_copy, case.calls[peer.name], out)
            answers.check_normals(peer.name, copied, out)
    return case


def truncated_normal(bench: Bench, threshold: float) -> Case:
    """One threshold of the truncated normal."""
    out = np.zeros((512, 128), np.float32)
    title = f"Normal truncated to +-{threshold:g}, a buffer of 256 KiB, one thread"
    case = Case(f"truncated {threshold:g}", title, out.size)
    case.calls["gansdk"] = bench.draw("truncated_normal", out, threshold=threshold)
    answers.check_truncated("gansdk", out, threshold)
    for family, load in truncated.FAMILIES.items():
        if family in bench.families:
            try:
                name, bind = load()
            except Absent as how:
                bench.absent[family] = str(how)
                continue
            case.calls[name] = bind(out.reshape(-1), threshold)
            out.fill(np.nan)
            case.calls[name]()
            answers.check_truncated(name, out, threshold)
    return case


def words(bench: Bench) -> Case:
    """Raw 32-bit words: what the transform starts from."""
    out = np.zeros((512, 128), np.uint32)
    case = Case("words", "Raw 32-bit words, a buffer of 256 KiB, one thread", out.size)
    seed = np.array(SEED, np.uint64)
    case.calls["gansdk, Philox4x32-10"] = lambda: _core.words(out, seed, 5, 0, 1)
    case.calls["gansdk, Philox4x32-10"]()
    answers.check_bits("gansdk words", out, bench.reference.words(512, 128, SEED, 5))
    if "numpy" in bench.families:
        for kind in (np.random.SFC64, np.random.Philox):
            raw = kind(1).random_raw
            answers.check_words(kind.__name__, raw(out.size // 2).view(np.uint32))
            name = f"numpy {kind.__name__}, new array"
            case.calls[name] = partial(raw, out.size // 2)
    if "mkl" in bench.families and "mkl" not in bench.absent:
        library = mkl.load_mkl()
        for generator in mkl.GENERATORS:
            case.calls[f"MKL {generator}"] = mkl.mkl_words(library, generator, out)
            case.calls[f"MKL {generator}"]()
            answers.check_words(f"MKL {generator}", out)
    return case


def labels(bench: Bench, classes: int) -> Case:
    """Class labels from a prior."""
    count = 1 << 14
    prior = np.arange(1, classes + 1, dtype=np.float64)
    prior /= prior.sum()
    case = Case(f"labels {classes}", f"{count} labels of {classes} classes", count)
    case.calls["gansdk"] = lambda: latents.labels(count, prior=prior, seed=SEED)
    got = latents.labels(1000, prior=prior, seed=SEED, start=9)
    expected = bench.reference.labels(1000, prior.tolist(), SEED, 9)
    answers.check_bits("gansdk labels", got, np.array(expected, np.int64))
    others: dict[str, Callable[[], Any]] = {}
    if "numpy" in bench.families:
        choice = np.random.Generator(np.random.SFC64(1)).choice
        others["numpy SFC64 choice"] = lambda: choice(classes, count, p=prior)
    if "torch" in bench.families and "torch" not in bench.absent:
        others["torch multinomial"] = _multinomial(prior, count)
    for name, call in {"gansdk": case.calls["gansdk"], **others}.items():
        answers.check_labels(name, np.asarray(call()), prior)
        case.calls[name] = call
    return case


def _copy(draw: Call, out: Floats) -> None:
    np.copyto(out, np.asarray(draw()))


def _multinomial(prior: Any, count: int) -> Call:
    import torch

    weights, generator = torch.from_numpy(prior), torch.Generator().manual_seed(1)
    return lambda: torch.multinomial(weights, count, replacement=True, generator=generator)


# In order: the first finds the best of MKL. A forced instruction set runs those named here alone.
ALL: dict[str, Callable[[Bench], Case]] = {
    "normal": normal_buffer,
    "rows": normal_dims,
    "call": normal_call,
    **{f"truncated-{t:g}": partial(truncated_normal, threshold=t) for t in THRESHOLDS},
    "words": words,
    **{f"labels-{k}": partial(labels, classes=k) for k in (10, 1000)},
    "large": normal_large,
    "threads": normal_threads,
}
