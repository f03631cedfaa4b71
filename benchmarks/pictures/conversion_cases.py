"""The cases of conversion: floats to levels, in bytes read and written a second.

All calls of a case read one array and, where they take a buffer, write to one that was written
before. Answers are checked while calls are bound.
"""

from __future__ import annotations

import ctypes
from functools import partial
from typing import Any

import numpy as np

from gansdk import images

from ..case import GB_A_SECOND, Case
from ..peers import Call, Floats, in_threads
from . import answers
from .bench import Bench
from .inputs import Bytes, floats, pictures
from .targets import MEMCPY, ONE_THREAD
from .torch_converters import STYLEGAN, load_torch, stylegan

DIFFER = "other levels of a million"


def convert(bench: Bench, name: str, count: int, side: int) -> Case:
    """Every peer on float32 NCHW."""
    x, out = _batch(bench, count, side)
    case = _case(name, x, out, f"float32 {_shape(x)} to uint8 NHWC, one thread")
    _add_gansdk(case, x, out)
    for peer in bench.converters:
        _add(case, peer.name, peer.bind(x, out), x, out, peer.rounding)
    case.calls[MEMCPY] = copy_of(case.amount)
    return case


def convert_float16(bench: Bench) -> Case:
    """Half floats, which others widen first."""
    x, out = _batch(bench, 64, 256)
    half: Any = x.astype(np.float16)
    case = _case("convert-float16", half, out, f"float16 {_shape(x)} to uint8 NHWC, one thread")
    _add_gansdk(case, half, out)
    if "torch" in {one.family for one in bench.converters}:
        tensor = load_torch().from_numpy(half)
        call: Call = lambda: stylegan(tensor.float())  # noqa: E731
        _add(case, f"{STYLEGAN}, widened first", call, half, out, "up")
    case.calls[MEMCPY] = copy_of(case.amount)
    return case


def convert_nhwc(bench: Bench) -> Case:
    """Floats whose channels are interleaved already."""
    x, out = _batch(bench, 64, 256)
    nhwc = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    case = _case("convert-nhwc", x, out, f"float32 {_shape(nhwc)} to uint8, NHWC, one thread")
    ours = partial(images.to_uint8, nhwc, out=out, threads=1, layout="NHWC")
    _add(case, "gansdk", ours, x, out, None)
    peers = {one.family for one in bench.converters}
    if "opencv" in peers:
        _add(case, "OpenCV convertScaleAbs", _opencv_nhwc(nhwc, out), x, out, "nearest")
    if "torch" in peers:
        tensor = load_torch().from_numpy(nhwc).permute(0, 3, 1, 2)
        _add(case, f"{STYLEGAN}, without permute", lambda: stylegan(tensor), x, out, "up")
    case.calls[MEMCPY] = copy_of(case.amount)
    return case


def convert_threads(bench: Bench) -> Case:
    """Two threads against one."""
    x, out = _batch(bench, 64, 256)
    case = _case("convert-threads", x, out, f"float32 {_shape(x)} to uint8 NHWC, two threads")
    _add_gansdk(case, x, out, threads=2)
    _add(case, ONE_THREAD, partial(images.to_uint8, x, out=out, threads=1), x, out, None)
    half = case.amount // 2
    case.calls[MEMCPY] = in_threads([copy_of(half), copy_of(case.amount - half)])
    return case


def copy_of(amount: int) -> Call:
    """Bind libc's copy of `amount` / 2 bytes, which reads and writes `amount`."""
    source, target = np.ones(amount // 2, np.uint8), np.zeros(amount // 2, np.uint8)
    addresses = target.ctypes.data_as(ctypes.c_void_p), source.ctypes.data_as(ctypes.c_void_p)

    def call() -> Bytes:
        ctypes.memmove(*addresses, amount // 2)
        return target

    answers.check_copy(call(), source)
    return call


def _batch(bench: Bench, count: int, side: int) -> tuple[Floats, Bytes]:
    levels = pictures(*bench.effort.batch(count, side))
    return floats(levels, reach=0.5), np.zeros_like(levels)


def _case(name: str, x: Floats, out: Bytes, title: str) -> Case:
    return Case(name, title, x.nbytes + out.nbytes, unit=GB_A_SECOND)


def _shape(x: Floats) -> str:
    return " x ".join(map(str, x.shape))


def _add_gansdk(case: Case, x: Any, out: Bytes, threads: int = 1) -> None:
    _add(case, "gansdk", partial(images.to_uint8, x, out=out, threads=threads), x, out, None)


def _add(case: Case, name: str, call: Call, x: Floats, out: Bytes, rounding: str | None) -> None:
    """Check what a call returns and add it; None: every level must be the reference's."""
    out.fill(77)
    levels: Any = call()
    if rounding is None:
        share = answers.check_gansdk(levels, x)
    else:
        share = answers.check_levels(name, levels, x, rounding)
    case.calls[name] = call
    case.facts[name] = {DIFFER: share * 1e6}


def _opencv_nhwc(nhwc: Floats, out: Bytes) -> Call:
    import cv2

    def call() -> Bytes:
        for picture, levels in zip(nhwc, out, strict=True):
            cv2.convertScaleAbs(picture, levels, 127.5, 127.5)
        return out

    return call
