"""Every decoder at hand reads back what was encoded; the bytes depend on the picture alone."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansdk import images
from gansdk.errors import (
    GansdkError,
    InvalidArgumentError,
    MissingDependencyError,
    OutOfMemoryError,
)
from gansdk.images.png import encode_png

sys.path.insert(0, str(Path(__file__).parents[1]))
import isas

sys.path.pop(0)

cv2 = pytest.importorskip("cv2")
imagecodecs = pytest.importorskip("imagecodecs")
Image = pytest.importorskip("PIL.Image")

SIDES = (1, 2, 3, 5, 8, 13, 21, 33, 64, 85, 257)


def by_pillow(file: bytes) -> Any:
    """Decode with Pillow, which cuts 16-bit colour to 8 bits: those are left to the others."""
    return np.asarray(Image.open(io.BytesIO(file)))


def by_opencv(file: bytes) -> Any:
    """Decode with OpenCV, which gives BGR and makes grey and alpha RGBA."""
    raw = np.asarray(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED))
    if raw.ndim == 2:
        return raw
    return raw[..., [2, 1, 0, 3]] if raw.shape[2] == 4 else raw[..., ::-1]


def check(file: bytes, picture: Any) -> None:
    """Hold what each decoder makes of the file against the picture."""
    _, _, channels = picture.shape
    expected = picture[..., 0] if channels == 1 else picture
    np.testing.assert_array_equal(imagecodecs.png_decode(file), expected)
    if picture.dtype == np.uint8 or channels == 1:
        np.testing.assert_array_equal(by_pillow(file), expected)
    if channels != 2:
        np.testing.assert_array_equal(by_opencv(file), expected)


def noise(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


def smooth(shape: tuple[int, ...], dtype: Any) -> Any:
    n, height, width, channels = shape
    i, y, x, c = np.ogrid[:n, :height, :width, :channels]
    wave = np.sin(y / 9 + i) + np.cos(x / 7 + c) + 2
    return (wave / 4 * np.iinfo(dtype).max).astype(dtype)


def stripes(shape: tuple[int, ...], dtype: Any) -> Any:
    pictures = np.zeros(shape, dtype)
    pictures[:, ::3] = np.iinfo(dtype).max
    pictures[:, :, ::7] = 3
    return pictures


def flat(shape: tuple[int, ...], dtype: Any) -> Any:
    return np.full(shape, np.iinfo(dtype).max // 3, dtype)


def sparse(shape: tuple[int, ...], dtype: Any) -> Any:
    return noise(shape, dtype) * (noise(shape, np.uint8, 1) < 9)


@pytest.mark.parametrize("make", [noise, smooth, stripes, flat, sparse])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_round_trip(channels: int, dtype: Any, make: Callable[..., Any]) -> None:
    for height in SIDES:
        for width in SIDES:
            pictures = make((1, height, width, channels), dtype)
            check(encode_png(pictures)[0], pictures[0])


@settings(max_examples=200)
@given(data=st.data())
def test_any_picture(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(*[st.integers(1, most) for most in (3, 60, 60, 4)]))
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    seed, levels = data.draw(st.integers(0, 2**32)), data.draw(st.integers(1, 256))
    pictures = np.random.default_rng(seed).integers(0, levels, shape).astype(dtype)
    pictures = np.repeat(pictures, data.draw(st.integers(1, 12)), axis=data.draw(st.integers(1, 2)))
    compression = data.draw(st.sampled_from(["fast", "fast", "small"]))
    files = encode_png(pictures, compression=compression)
    for file, picture in zip(files, pictures, strict=True):
        check(file, picture)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_libpngs_own_tools_find_no_fault(dtype: Any, tmp_path: Path) -> None:
    tools = [[name, *options] for name, *options in (("pngcheck", "-q"), ("pngfix", "--quiet"))]
    missing = [tool[0] for tool in tools if shutil.which(tool[0]) is None]
    if missing:
        pytest.skip(f"{missing} are not installed: apt-get install libpng-tools pngcheck")
    for k, (make, channels) in enumerate([(smooth, 3), (noise, 1), (stripes, 4), (flat, 2)]):
        for compression in ("fast", "small"):
            pictures = make((1, 150, 211, channels), dtype)
            texts = [{"Title": "a", "Über": "naïve", "Comment": "猫"}]
            path = tmp_path / f"{k}{compression}.png"
            file = encode_png(pictures, compression=compression, texts=texts)[0]
            path.write_bytes(file)
            for tool in tools:
                done = subprocess.run([*tool, path], capture_output=True, text=True, check=False)
                assert (done.returncode, done.stdout) == (0, ""), done


def test_texts() -> None:
    texts = [{"Title": "one\ntwo", "Über": "½ ÿ"}, {}, {"Comment": "猫 \t tab", "Empty": ""}]
    for compression in ("fast", "small"):
        files = encode_png(flat((3, 4, 5, 3), np.uint8), compression=compression, texts=texts)
        assert [Image.open(io.BytesIO(file)).text for file in files] == texts
        assert [file.count(b"iTXt") for file in files] == [0, 0, 1]


def test_bytes_depend_on_the_picture_alone() -> None:
    for dtype in (np.uint8, np.uint16):
        pictures = np.concatenate([smooth((9, 64, 70, 3), dtype), noise((4, 64, 70, 3), dtype)])
        alone = [encode_png(picture[None])[0] for picture in pictures]
        for threads in (None, 1, 2, 7):
            assert encode_png(pictures, threads=threads) == alone
        assert encode_png(pictures[::-2]) == alone[::-2]
        texts = [{} for _ in pictures]
        assert encode_png(pictures, texts=texts) == alone


HASHES = """
import hashlib, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from test_png import SHAPES, noise, smooth, sparse
from gansdk.images.png import encode_png
sums = hashlib.sha256()
for shape in SHAPES:
    for make in (noise, smooth, sparse):
        for dtype in (np.uint8, np.uint16):
            for file in encode_png(make(shape, dtype)):
                sums.update(file)
print(sums.hexdigest())
"""
SHAPES = [(2, 31, 45, 1), (1, 257, 300, 3), (3, 64, 64, 4), (40, 5, 9, 2)]


def test_same_bytes_on_every_instruction_set() -> None:
    assert len(isas.outputs(HASHES, str(Path(__file__).parent))) == 1


def test_strided_input() -> None:
    base = noise((6, 40, 44, 8), np.uint16)
    for view in (
        base[::2, ::3, 5::-1, ::2],
        base[..., 1:4],
        base.swapaxes(1, 2)[..., :1],
        base.astype(">u2")[..., :3],
        np.broadcast_to(base[:1, :, :1, :3], (2, 40, 7, 3)),
    ):
        for file, picture in zip(encode_png(view), view, strict=True):
            check(file, picture.astype(np.uint16))


def test_size_is_bounded() -> None:
    for shape in ((1, 500, 500, 3), (1, 1, 70000, 4), (1, 70000, 1, 1)):
        pictures = noise(shape, np.uint8)
        raw = pictures.size + shape[1]
        assert len(encode_png(pictures)[0]) <= raw + 5 * (raw // 30000 + 2) + 100
    assert len(encode_png(flat((1, 500, 500, 3), np.uint8))[0]) < 5000


def test_no_pictures() -> None:
    for compression in ("fast", "small"):
        assert encode_png(np.zeros((0, 3, 3, 3), np.uint8), compression=compression) == []


def test_small_is_smaller() -> None:
    pictures = smooth((1, 128, 128, 3), np.uint8)
    small = encode_png(pictures, compression="small", threads=1)
    assert len(small[0]) < len(encode_png(pictures)[0])
    assert small == encode_png(pictures, compression="small")


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([[1]], "NumPy array"),
        (np.zeros((1, 4, 4, 3), np.float32), "uint8 or uint16"),
        (np.zeros((1, 4, 4, 3), np.int8), "uint8 or uint16"),
        (np.zeros((4, 4, 3), np.uint8), "batch axis"),
        (np.zeros((1, 4, 4, 5), np.uint8), "channels"),
        (np.zeros((1, 4, 4, 0), np.uint8), "channels"),
        (np.zeros((1, 0, 4, 3), np.uint8), "pixels on each side"),
        (np.zeros((1, 4, 0, 3), np.uint8), "pixels on each side"),
        (np.broadcast_to(np.uint8(0), (1, 1, 2**31, 1)), "pixels on each side"),
        (np.broadcast_to(np.uint8(0), (1, 2**31, 1, 1)), "pixels on each side"),
    ],
)
def test_wrong_pictures(pictures: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        encode_png(pictures)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("text", "sequence"),
        ({"a": "b"}, "sequence"),
        ([], "one mapping for each"),
        ([{}, {}], "one mapping for each"),
        (["text"], "mapping of keywords"),
        ([{"": "b"}], "keyword"),
        ([{"k" * 80: "b"}], "keyword"),
        ([{" k": "b"}], "keyword"),
        ([{"k  k": "b"}], "keyword"),
        ([{"猫": "b"}], "keyword"),
        ([{"k\n": "b"}], "keyword"),
        ([{3: "b"}], "keyword"),
        ([{"k": 3}], "must be a str"),
        ([{"k": "a\0b"}], "NUL"),
        ([{"k": "\ud800"}], "surrogate"),
    ],
)
def test_wrong_texts(texts: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        encode_png(np.zeros((1, 2, 2, 1), np.uint8), texts=texts)


def test_wrong_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = np.zeros((1, 2, 2, 1), np.uint8)
    with pytest.raises(InvalidArgumentError, match="compression"):
        encode_png(pictures, compression="best")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="threads"):
        encode_png(pictures, threads=0)
    with pytest.raises(InvalidArgumentError, match="threads"):
        encode_png(pictures, threads=1025)
    monkeypatch.setitem(sys.modules, "deflate", None)
    with pytest.raises(MissingDependencyError, match=r"gansdk\[images\]") as caught:
        encode_png(pictures, compression="small")
    assert isinstance(caught.value, GansdkError)


@pytest.mark.parametrize("count", [2**45, 2**60])
def test_a_table_of_files_beyond_any_memory_is_refused(count: int) -> None:
    with pytest.raises(OutOfMemoryError, match="fewer"):
        images.encode_batch(np.broadcast_to(np.float32(0), (count, 1, 1, 1)))
    with pytest.raises(OutOfMemoryError, match="fewer"):
        encode_png(np.broadcast_to(np.uint8(0), (count, 1, 1, 1)))


def test_out_of_memory_is_an_exception() -> None:
    """A picture whose file does not fit into what is left."""
    pytest.importorskip("resource")
    script = (
        "import resource, numpy as np; from gansdk.images.png import encode_png\n"
        "from gansdk.errors import OutOfMemoryError\n"
        "pictures = np.random.default_rng(0).integers(0, 256, (1, 4000, 8000, 4), np.uint8)\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 60_000_000,) * 2)\n"
        "try: encode_png(pictures, threads=1)\n"
        "except OutOfMemoryError: print('refused')\n"
    )
    if not Path("/proc/self/statm").exists():
        pytest.skip("the memory in use is read from /proc")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\n"
