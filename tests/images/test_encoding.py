"""Every format decodes, elsewhere, to the picture that went in."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gansdk import images
from gansdk.errors import InvalidArgumentError
from gansdk.images.formats import FORMATS

LOSSLESS = [
    (name, channels, dtype)
    for name, known in FORMATS.items()
    if name != "jpeg"
    for channels in known.channels or (1, 2, 3, 4, 7)
    for dtype in known.dtypes
]
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def random_picture(height: int, width: int, channels: int, dtype: str = "uint8") -> np.ndarray:
    limit = np.iinfo(dtype).max
    random = np.random.default_rng(height * width)
    return random.integers(0, limit, (height, width, channels), dtype, endpoint=True)


def smooth_picture(height: int, width: int, channels: int) -> np.ndarray:
    y, x, c = np.mgrid[:height, :width, :channels]
    waves = np.sin(x / (9 + 4 * c)) + np.cos(y / (7 + 3 * c))
    return np.rint(127.5 + 60 * waves).astype(np.uint8)


def decoded(content: bytes, name: str, channels: int) -> np.ndarray:
    if name == "npy":
        return np.load(io.BytesIO(content), allow_pickle=False)
    if name == "npz":
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            assert archive.files == ["arr_0"]
            return archive["arr_0"]
    if name == "jxl":
        return imagecodecs.jpegxl_decode(content)
    if name == "qoi":
        return imagecodecs.qoi_decode(content)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == name.upper()
        # WebP has no grey.
        return np.asarray(picture.convert(MODES[channels]) if name == "webp" else picture)


@pytest.mark.parametrize(("name", "channels", "dtype"), LOSSLESS)
def test_lossless_formats_keep_every_level(name: str, channels: int, dtype: str) -> None:
    for height, width in ((1, 1), (1, 9), (8, 1), (13, 7), (64, 96)):
        x = random_picture(height, width, channels, dtype)
        if channels in (2, 4):
            x[0, 0, -1] = 0  # colours under full transparency are levels too
        content = images.encode(x, name)
        if name == "png" and dtype == "uint16":  # Pillow has no 16-bit colours
            back = imagecodecs.png_decode(content)
        else:
            back = decoded(content, name, channels)
        assert back.dtype == x.dtype
        assert np.array_equal(back.reshape(x.shape), x)


def test_qoi_is_also_what_pillow_reads() -> None:
    x = random_picture(13, 7, 3)
    with Image.open(io.BytesIO(images.encode(x, "qoi"))) as picture:
        assert np.array_equal(np.asarray(picture), x)


def pillow_jpeg(x: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(x[..., 0] if x.shape[2] == 1 else x).save(buffer, "jpeg", quality=quality)
    return buffer.getvalue()


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_from_quality_96_on_has_the_pixels_of_pillows(channels: int) -> None:
    x = smooth_picture(61, 96, channels) ^ (random_picture(61, 96, channels) & 15)
    for quality in (96, 99, 100):
        mine = decoded(images.encode(x, "jpeg", quality=quality), "jpeg", channels)
        assert np.array_equal(mine, decoded(pillow_jpeg(x, quality), "jpeg", channels))


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_below_is_as_near_as_pillows_within_half_a_decibel(channels: int) -> None:
    x = smooth_picture(61, 96, channels) ^ (random_picture(61, 96, channels) & 15)

    def decibels(content: bytes) -> float:
        back = decoded(content, "jpeg", channels).reshape(x.shape)
        return float(10 * np.log10(255**2 / ((back.astype(float) - x) ** 2).mean()))

    for quality in (50, 75, 90, 95):
        mine, theirs = images.encode(x, "jpeg", quality=quality), pillow_jpeg(x, quality)
        assert decibels(mine) > decibels(theirs) - 0.5
        assert len(mine) < 1.02 * len(theirs)


def test_jpeg_has_half_the_chroma_resolution_at_any_quality() -> None:
    for quality in (1, 50, 95, 100):
        content = images.encode(smooth_picture(16, 16, 3), "jpeg", quality=quality)
        with Image.open(io.BytesIO(content)) as picture:
            assert [part[1:3] for part in picture.layer] == [(2, 2), (1, 1), (1, 1)]


@pytest.mark.parametrize("name", ["jpeg", "webp", "jxl"])
@pytest.mark.parametrize("channels", [1, 3])
def test_more_quality_is_more_bytes_and_less_error(name: str, channels: int) -> None:
    x = smooth_picture(128, 96, channels)
    x ^= random_picture(128, 96, channels) & 7
    sizes, errors = [], []
    for quality in (5, 30, 60, 90):
        content = images.encode(x, name, quality=quality)
        sizes.append(len(content))
        back = decoded(content, name, channels).reshape(x.shape)
        errors.append(np.abs(back.astype(int) - x).mean())
    assert sizes == sorted(set(sizes))
    assert errors == sorted(set(errors), reverse=True)
    default = images.encode(x, name)
    if name == "jpeg":
        assert default == images.encode(x, name, quality=95)
    else:
        assert len(default) > sizes[-1]


@pytest.mark.parametrize("name", ["jpeg", "webp", "jxl"])
def test_both_ends_of_the_quality_are_pictures(name: str) -> None:
    x = smooth_picture(32, 32, 3)
    least, most = FORMATS[name].quality or (0, 0)
    low, high = (images.encode(x, name, quality=q) for q in (least, most))
    assert decoded(low, name, 3).shape == decoded(high, name, 3).shape == x.shape
    assert len(low) < len(high)


def test_small_pngs_are_smaller() -> None:
    x = smooth_picture(128, 128, 3)
    assert len(images.encode(x, compression="small")) < len(images.encode(x))
    assert images.encode(x, compression="fast") == images.encode(x)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("threads", [None, 1, 2, 7])
def test_a_batch_is_its_pictures_one_by_one(name: str, threads: int | None) -> None:
    batch = np.stack([random_picture(11, 6 + 0 * i, 3) ^ i for i in range(19)]).astype(np.uint8)
    files = images.encode_batch(batch, name, threads=threads)
    assert files == [images.encode(x, name) for x in batch]
    assert images.encode_batch(batch[:1], name, threads=threads) == files[:1]
    assert images.encode_batch(batch[:0], name, threads=threads) == []


@pytest.mark.parametrize("name", FORMATS)
def test_any_memory_layout_gives_the_same_bytes(name: str) -> None:
    x = random_picture(14, 10, 3)
    expected = images.encode(x, name)
    assert images.encode(np.asfortranarray(x), name) == expected
    assert images.encode(np.repeat(x, 2, axis=1)[:, ::2], name) == expected
    assert images.encode(x[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1], name) == expected
    frozen = x.copy()
    frozen.flags.writeable = False
    assert images.encode(frozen, name) == expected
    batch = np.asfortranarray(np.stack([x, x]))
    assert images.encode_batch(batch, name) == [expected] * 2


def test_grey_may_come_without_its_axis() -> None:
    x = random_picture(5, 4, 1)
    for name in ("png", "jpeg", "webp", "jxl", "npy", "npz"):
        assert images.encode(x[..., 0], name) == images.encode(x, name)


def test_npz_holds_a_batch_too_and_no_time() -> None:
    batch = np.stack([random_picture(5, 4, 3)] * 6)
    content = images.encode(batch, "npz")
    assert np.array_equal(decoded(content, "npz", 3), batch)
    assert content[10:14] == b"\0\0\x21\0"  # 1 January 1980, 0:00
    with pytest.raises(InvalidArgumentError, match="recipe"):
        images.encode(batch, "npz", recipe=images.Recipe("digits", "0" * 64, seed=1))


def test_recipes_are_one_a_picture() -> None:
    batch = np.stack([random_picture(5, 4, 3)] * 3)
    recipes = [images.Recipe("digits", "0" * 64, seed=7, start=i) for i in range(3)]
    for name in ("png", "jpeg", "webp"):
        files = images.encode_batch(batch, name, recipes=recipes, threads=2)
        assert [images.read_recipe(file) for file in files] == recipes
        assert files[1] == images.encode(batch[1], name, recipe=recipes[1])
    with pytest.raises(InvalidArgumentError, match="one for each of the 3 images; got 2"):
        images.encode_batch(batch, recipes=recipes[:2])
    with pytest.raises(InvalidArgumentError, match="must be a gansdk.images.Recipe"):
        images.encode(batch[0], recipe="digits")  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2"])
def test_threads_are_checked(threads: object) -> None:
    with pytest.raises(InvalidArgumentError, match="threads must be"):
        images.encode_batch(np.zeros((2, 4, 4, 3), np.uint8), threads=threads)  # type: ignore[arg-type]


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    case=st.sampled_from([c for c in LOSSLESS if c[2] == "uint8"]),
    data=st.data(),
)
def test_any_picture_comes_back(
    height: int, width: int, case: tuple[str, int, str], data: st.DataObject
) -> None:
    name, channels, _ = case
    levels = data.draw(st.binary(min_size=1, max_size=height * width * channels))
    x = np.resize(np.frombuffer(levels, np.uint8), (height, width, channels))
    back = decoded(images.encode(x, name), name, channels)
    assert np.array_equal(back.reshape(x.shape), x)


def test_levels_of_the_other_byte_order_and_of_lists() -> None:
    x = random_picture(5, 7, 3, "uint16")
    assert images.encode(x.astype(">u2")) == images.encode(x)
    assert images.encode_batch(x[None].astype(">u2"), "npz") == images.encode_batch(x[None], "npz")
    with pytest.raises(InvalidArgumentError, match="image is no array"):
        images.encode([[1, 2], [3]])  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match=r"got \(2, 0, 8, 3\)"):
        images.encode(np.zeros((2, 0, 8, 3), np.uint8))
    with pytest.raises(InvalidArgumentError, match="got int64$"):
        images.encode(x.astype(np.int64))


def test_recipes_are_a_sequence() -> None:
    x = np.zeros((1, 4, 4, 3), np.uint8)
    for wrong in (5, iter([images.Recipe("m", "0" * 64, seed=1)])):
        with pytest.raises(InvalidArgumentError, match="recipes must be a list"):
            images.encode_batch(x, recipes=wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="format must be one of"):
        images.encode_batch(x, np.zeros(3))  # type: ignore[arg-type]
