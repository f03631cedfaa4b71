"""Recipes are found in every file that carries one, and in no other."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gansdk import images
from gansdk.errors import InvalidArgumentError, RecipeError
from gansdk.images.recipe import Encoding, Grid, Recipe, Runtime

FORMATS = ["png", "jpeg", "webp"]
SHORT = Recipe("digits", "ab" * 32, seed=2**64 - 1, start=42, label=3)
LONG = Recipe(
    'na"me \u4e2d\U0001f600',
    "0f" * 32,
    seeds=tuple(2**64 - 1 - i for i in range(2000)),
    count=2000,
    labels=(1, 2, 3),
    grid=Grid(40, 3, (1, 2, 3)),
    encoding=Encoding("png", None, "fast"),
    runtime=Runtime("cuda:1", version="1.31"),
    gansdk="0.1.0.dev0",
)
X = (np.arange(32 * 24 * 3).reshape(32, 24, 3) * 5 % 251).astype(np.uint8)
COMMENT, SOFTWARE, EXIF = 0x9286, 0x0131, 0x8769


def test_the_long_recipe_nearly_fills_a_jpegs_segment() -> None:
    assert 40_000 < len(LONG.to_json()) < 60_000


@pytest.mark.parametrize("recipe", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_recipe_comes_back_and_the_pixels_stay(
    name: str, channels: int, recipe: Recipe, tmp_path: Path
) -> None:
    if (name, channels) == ("jpeg", 4):
        channels = 3
    x = np.resize(X, (32, 24, channels))
    bare, full = images.encode(x, name), images.encode(x, name, recipe=recipe)
    assert images.read_recipe(bare) is None
    assert images.read_recipe(full) == recipe
    (tmp_path / "a.bin").write_bytes(full)  # by what it holds, not by its name
    assert images.read_recipe(tmp_path / "a.bin") == recipe
    assert images.read_recipe(str(tmp_path / "a.bin")) == recipe
    assert images.read_recipe(memoryview(full)) == recipe  # type: ignore[arg-type]
    with Image.open(io.BytesIO(bare)) as one, Image.open(io.BytesIO(full)) as other:
        assert one.mode == other.mode
        assert np.array_equal(np.asarray(one), np.asarray(other))


def test_other_readers_find_it_too() -> None:
    recipe = Recipe("digits", "ab" * 32, seed=1, gansdk="0.1")
    for name in FORMATS:
        content = images.encode(X, name, recipe=recipe)
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            if name == "png":
                assert picture.info["gansdk.recipe"] == recipe.to_json()
                assert picture.info["Software"] == "gansdk 0.1"
                continue
            exif = picture.getexif()
            assert exif[SOFTWARE] == "gansdk 0.1"
            assert exif.get_ifd(EXIF)[COMMENT] == b"ASCII\0\0\0" + recipe.to_json().encode()
    for name in ("jpeg", "png"):
        content = images.encode(X, name, recipe=recipe)
        decode = imagecodecs.jpeg_decode if name == "jpeg" else imagecodecs.png_decode
        assert np.array_equal(decode(content), decode(images.encode(X, name)))


def test_what_pillow_saves_again_keeps_it() -> None:
    for name in FORMATS:
        with Image.open(io.BytesIO(images.encode(X, name, recipe=SHORT))) as picture:
            again = io.BytesIO()
            kept = {"exif": picture.info["exif"]} if name != "png" else {}
            if name == "png":
                kept["pnginfo"] = PngInfo()
                for key, text in picture.info.items():
                    kept["pnginfo"].add_text(key, text, zip=True)
            picture.save(again, name, **kept)
        assert images.read_recipe(again.getvalue()) == SHORT
    international = PngInfo()
    international.add_itxt("gansdk.recipe", SHORT.to_json(), "en", "Rezept", zip=True)
    again = io.BytesIO()
    Image.fromarray(X).save(again, "png", pnginfo=international)
    assert images.read_recipe(again.getvalue()) == SHORT


def test_exif_of_another_byte_order() -> None:
    exif = Image.Exif()
    exif.endian = ">"
    exif[0x010F] = "A camera"
    exif.get_ifd(EXIF)[COMMENT] = b"ASCII\0\0\0" + SHORT.to_json().encode()
    for name in ("jpeg", "webp"):
        out = io.BytesIO()
        Image.fromarray(X).save(out, name, exif=exif)
        assert images.read_recipe(out.getvalue()) == SHORT
        exif.get_ifd(EXIF)[COMMENT] = b"ASCII\0\0\0a holiday"
        out = io.BytesIO()
        Image.fromarray(X).save(out, name, exif=exif)
        assert images.read_recipe(out.getvalue()) is None
        exif.get_ifd(EXIF)[COMMENT] = b"ASCII\0\0\0" + SHORT.to_json().encode()


def test_foreign_pictures_have_none() -> None:
    for name in FORMATS:
        for mode in ("L", "RGB"):
            out = io.BytesIO()
            Image.fromarray(X).convert(mode).save(out, name)
            assert images.read_recipe(out.getvalue()) is None


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG", b"RIFF1234WAVE", b"no picture"])
def test_other_files_are_named(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="is no PNG, JPEG or WebP file"):
        images.read_recipe(content)
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(RecipeError, match=r"a\.png is no PNG, JPEG or WebP file"):
        images.read_recipe(tmp_path / "a.png")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.png", tmp_path / "a\0b"):
        with pytest.raises(RecipeError, match="cannot be read: "):
            images.read_recipe(path)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_breaks_off_says_so_or_is_whole_enough(name: str) -> None:
    content = images.encode(X, name, recipe=SHORT)
    told = 0
    for length in range(12, len(content)):
        try:
            assert images.read_recipe(content[:length]) == SHORT
        except RecipeError as error:
            assert "ends too early" in str(error)  # noqa: PT017 - most lengths do not raise
            told += 1
    assert told > len(SHORT.to_json())


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_a_file_of_wrong_bytes_is_an_error_or_none(name: str, data: st.DataObject) -> None:
    content = bytearray(images.encode(X[:4, :4], name, recipe=SHORT))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(content), 700) - 1))
        content[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    try:
        found = images.read_recipe(bytes(content[cut:] if data.draw(st.booleans()) else content))
    except RecipeError as error:
        assert "\n" not in str(error)  # noqa: PT017 - most changes do not raise
        return
    assert found is None or isinstance(found, Recipe)


@given(st.binary(max_size=300), st.sampled_from(FORMATS))
def test_any_bytes_after_a_signature(tail: bytes, name: str) -> None:
    head = {
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\r",
        "jpeg": b"\xff\xd8\xff\xe1",
        "webp": b"RIFF\xff\0\0\0WEBP",
    }
    try:
        assert images.read_recipe(head[name] + tail) is None
    except RecipeError as error:
        assert "\n" not in str(error)  # noqa: PT017 - some are whole files


@given(st.binary(max_size=200))
def test_any_exif_in_a_jpeg(block: bytes) -> None:
    data = b"Exif\0\0" + block
    content = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(data) + 2) + data + b"\xff\xd9"
    assert images.read_recipe(content) is None
    little = b"II*\0\x08\0\0\0" + block
    content = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(little) + 8) + b"Exif\0\0" + little
    assert images.read_recipe(content + b"\xff\xd9") is None


def chunk(kind: bytes, data: bytes, *, checksum: int | None = None) -> bytes:
    crc = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


KEY = b"gansdk.recipe\0"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (png(chunk(b"tEXt", KEY + b"{}", checksum=1)), "the checksum is wrong"),
        (png(chunk(b"tEXt", KEY + b"{}")), '"format": "gansdk.recipe"'),
        (png(chunk(b"tEXt", KEY + b"\xff")), "no ASCII text"),
        (png(chunk(b"tEXt", KEY + b" " * 2_000_000)), "more than any recipe"),
        (png(chunk(b"zTXt", KEY + b"\0nonsense")), "cannot be decompressed"),
        (png(chunk(b"zTXt", KEY + b"\0" + zlib.compress(b" " * 50_000_000))), "at most 1048576"),
        (png(chunk(b"iTXt", KEY + b"\0")), "not JSON"),
        (png(chunk(b"zTXt", KEY)), "not JSON"),
    ],
)
def test_damaged_or_hostile_texts(content: bytes, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        images.read_recipe(content)
    assert message in str(caught.value)
    assert str(caught.value).startswith("the picture: ")


def test_a_text_of_another_keyword_is_not_read() -> None:
    other = chunk(b"tEXt", b"gansdk.recipe2\0{}") + chunk(b"tEXt", b"a\0" + b"b" * 3_000_000)
    assert images.read_recipe(png(other)) is None
    assert images.read_recipe(png(other, chunk(b"tEXt", KEY + SHORT.to_json().encode()))) == SHORT


def test_a_newer_version_asks_for_an_update() -> None:
    document = json.loads(SHORT.to_json())
    text = json.dumps({**document, "version": 2}).encode()
    with pytest.raises(RecipeError, match="version 2: update gansdk"):
        images.read_recipe(png(chunk(b"tEXt", KEY + text)))


def test_a_file_of_many_gigabytes_is_not_read_whole(tmp_path: Path) -> None:
    """Sparse: the pixels are a hole of 3 GiB."""
    hole = 3 << 30
    with (tmp_path / "a.png").open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for _ in range(2):
            file.write(struct.pack(">I4s", hole // 2, b"IDAT"))
            file.seek(hole // 2 + 4, os.SEEK_CUR)
        file.write(chunk(b"tEXt", KEY + SHORT.to_json().encode()) + chunk(b"IEND", b""))
    assert (tmp_path / "a.png").stat().st_size > hole
    assert images.read_recipe(tmp_path / "a.png") == SHORT


def test_a_recipe_too_long_for_a_jpeg_is_not_cut() -> None:
    many = Recipe("digits", "0" * 64, seeds=(2**64 - 1,) * 4000, count=4000)
    with pytest.raises(InvalidArgumentError, match="does not fit into a JPEG's EXIF"):
        images.encode(X, "jpeg", recipe=many)
    for name in ("png", "webp"):
        assert images.read_recipe(images.encode(X, name, recipe=many)) == many


@given(st.text(min_size=1, max_size=40).filter(str.isprintable))
def test_names_of_any_script(name: str) -> None:
    recipe = Recipe(name, "0" * 64, seed=1, gansdk=name)
    for kind in FORMATS:
        assert images.read_recipe(images.encode(X[:2, :2], kind, recipe=recipe)) == recipe
