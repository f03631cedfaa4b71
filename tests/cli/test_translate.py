from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansdk import GeneratorSpec, Latent, Sampler
from gansdk.spec import ImageInput

from ..conditioned import convolutions, helper, negative, picture, write
from .conftest import Run

Refused = Callable[..., str]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The negative of an RGB picture of any size."""
    return negative(tmp_path / "model.onnx", GeneratorSpec(image=ImageInput(), name="negative"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, size in (("b.png", (9, 7)), ("a.bmp", (8, 6)), ("c.PNG", (9, 7))):
        Image.fromarray(picture(*size)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_one_picture_becomes_a_file(gansdk: Run, model: Path, tmp_path: Path) -> None:
    x = picture(9, 7)
    Image.fromarray(x).save(tmp_path / "in.png")
    done = gansdk("translate", "model.onnx", "in.png", "-o", "out.png")
    assert (done.returncode, done.stdout) == (0, "out.png: 1 picture by negative\n"), done.stderr
    assert (pixels(tmp_path / "out.png") == 255 - x).all()


def test_a_folder_becomes_a_folder_with_its_names(
    gansdk: Run, model: Path, photos: Path, tmp_path: Path
) -> None:
    done = gansdk("translate", "model.onnx", "photos", "-o", "made/")
    assert (done.returncode, done.stdout) == (0, "made: 3 pictures by negative\n"), done.stderr
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == ["a.png", "b.png", "c.PNG"]
    assert (pixels(tmp_path / "made" / "a.png") == 255 - picture(8, 6)).all()
    assert (pixels(tmp_path / "made" / "c.PNG") == 255 - picture(9, 7)).all()
    # Again, and with the pictures named one by one: the same bytes.
    before = {p.name: p.read_bytes() for p in (tmp_path / "made").iterdir()}
    words = ("photos/a.bmp", "photos/b.png", "photos/c.PNG", "-o", "made", "--force")
    assert gansdk("translate", "model.onnx", *words).returncode == 0
    assert {p.name: p.read_bytes() for p in (tmp_path / "made").iterdir()} == before
    words = ("photos/b.png", "-o", "jpegs", "--format", "jpeg", "--quality", "90")
    assert gansdk("translate", "model.onnx", *words).returncode == 0
    assert [p.name for p in (tmp_path / "jpegs").iterdir()] == ["b.jpg"]


def test_pictures_have_their_index_in_the_order_of_the_command(gansdk: Run, tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(channels=1), latent=Latent(1))
    nodes = [
        helper.make_node("Reshape", ["z", "shape"], ["z4"]),
        helper.make_node("Add", ["input_image", "z4"], ["y"]),
    ]
    path = write(tmp_path / "model.onnx", spec, nodes, {"shape": np.array([-1, 1, 1, 1])})
    many = [np.full((4, width, 1), 128, np.uint8) for width in (4, 5, 4)]
    for i, x in enumerate(many):
        Image.fromarray(x[..., 0]).save(tmp_path / f"{i}.png")
    words = ("0.png", "1.png", "2.png", "-o", "made", "--seed", "5", "--start", "7")
    done = gansdk("translate", "model.onnx", *words)
    assert done.returncode == 0, done.stderr
    wanted = Sampler(path).translate(many, seed=5, start=7)
    for i, x in enumerate(wanted):
        assert (pixels(tmp_path / "made" / f"{i}.png") == x[..., 0]).all()
    words = ("2.png", "-o", "one.png", "--seed", "5", "--start", "9")
    assert gansdk("translate", "model.onnx", *words).returncode == 0
    assert (pixels(tmp_path / "one.png") == wanted[2][..., 0]).all()


def test_tiles_and_the_step_between_them(gansdk: Run, tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(scale=2), name="x2")
    path = write(tmp_path / "x2.onnx", spec, *convolutions(3, scale=2))
    x = picture(50, 70)
    Image.fromarray(x).save(tmp_path / "in.png")
    words = ("x2.onnx", "in.png", "-o", "out.png", "--tile", "32", "--overlap", "8")
    done = gansdk("translate", *words)
    assert done.stdout == (
        "out.png: 1 picture by x2; 6 tiles, which differ by at most 0 levels where they meet\n"
    ), done.stderr
    assert (pixels(tmp_path / "out.png") == Sampler(path).translate(x)).all()
    done = gansdk("translate", *words[:-1], "2", "--force")
    assert "by at most 0 levels" not in done.stdout
    assert "levels where they meet" in done.stdout


def test_pictures_are_read_as_people_see_them(gansdk: Run, model: Path, tmp_path: Path) -> None:
    x = picture(6, 10)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned clockwise
    Image.fromarray(x).save(tmp_path / "turned.png", exif=turned)
    Image.fromarray(x).convert("L").save(tmp_path / "grey.png")
    Image.fromarray(x).quantize(16).save(tmp_path / "palette.png")
    opaque = np.concatenate([x, np.full_like(x[..., :1], 255)], axis=2)
    Image.fromarray(opaque).save(tmp_path / "opaque.png")
    names = ("turned.png", "grey.png", "palette.png", "opaque.png")
    done = gansdk("translate", "model.onnx", *names, "-o", "made")
    assert done.returncode == 0, done.stderr
    made = {name: pixels(tmp_path / "made" / name) for name in names}
    assert (made["turned.png"] == 255 - np.rot90(x, -1)).all()
    assert (made["opaque.png"] == 255 - x).all()
    assert (made["grey.png"] == 255 - pixels(tmp_path / "grey.png")[..., None]).all()
    palette = np.asarray(Image.open(tmp_path / "palette.png").convert("RGB"))
    assert (made["palette.png"] == 255 - palette).all()


def test_bad_pictures_are_one_line_and_leave_nothing(
    refused: Refused, model: Path, photos: Path, tmp_path: Path
) -> None:
    Image.fromarray(picture(8, 8, 4)).save(tmp_path / "clear.png")
    Image.new("I;16", (8, 8)).save(tmp_path / "deep.png")
    whole = (photos / "b.png").read_bytes()
    (tmp_path / "short.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("no picture")
    frames = [Image.new("L", (8, 8), level) for level in (0, 255)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    for name, message in {
        "clear.png": "clear.png is RGBA, but the network takes RGB",
        "deep.png": "deep.png has pixels of mode I;16, not of 8 bits a channel",
        "short.png": "short.png",
        "text.png": "text.png is no picture that Pillow reads",
        "film.gif": "film.gif is a film of 2 frames",
        "missing.png": "missing.png cannot be read: No such file",
    }.items():
        assert message in refused("translate", "model.onnx", name, "-o", "out.png")
        assert message in refused("translate", "model.onnx", "photos", name, "-o", "made/")


def test_a_failing_network_names_the_picture(refused: Refused, tmp_path: Path) -> None:
    spec = GeneratorSpec(image=ImageInput(channels=1))
    write(tmp_path / "log.onnx", spec, [helper.make_node("Log", ["input_image"], ["y"])], {})
    for name, level in (("bright", 255), ("dark", 0)):
        Image.new("L", (4, 4), level).save(tmp_path / f"{name}.png")
    message = refused("translate", "log.onnx", "bright.png", "dark.png", "-o", "made")
    assert "the output for dark.png holds a NaN" in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model.onnx", "-o", "out.png"], "Missing argument 'PICTURES...'"),
        (["model.onnx", "photos/b.png"], "Missing option '-o'"),
        (["nowhere.onnx", "photos/b.png", "-o", "out.png"], "no model at nowhere.onnx"),
        (["nowhere.onnx", "photos/b.png", "-o", "out.zzz"], "names no picture format"),
        (["nowhere.onnx", "photos/b.png", "-o", "missing/out.png"], "is no folder: make it first"),
        (["nowhere.onnx", "photos", "-o", "out.png"], "names one picture, but 3 were found"),
        (["nowhere.onnx", "photos", "photos/b.png", "-o", "x"], "would both become b.png"),
        (["nowhere.onnx", "photos", "-o", "photos", "--force"], "photos would replace photos"),
        (["nowhere.onnx", "photos/b.png", "-o", "photos/b.png", "--force"], "would replace photos"),
        (["nowhere.onnx", "empty", "-o", "made"], "empty holds no pictures (.png"),
        (["nowhere.onnx", "photos", "-o", "made", "--quality", "9"], "png is lossless"),
        (["nowhere.onnx", "photos/b.png", "-o", "a.png", "--format", "png"], "--format is for"),
        (["digits", "photos/b.png", "-o", "out.png"], "'digits' starts from latents"),
        (["model.onnx", "photos", "-o", "made", "--tile", "8"], "overlap must be smaller"),
        (["model.onnx", "photos", "-o", "made", "--overlap", "8"], "overlap is for tiles"),
        (["model.onnx", "photos", "-o", "made", "--labels", "3"], "takes no labels"),
        (["model.onnx", "photos", "-o", "made", "--truncation", "0.5"], "has no truncation input"),
        (["model.onnx", "photos", "-o", "made", "--seed", "-1"], "seed must be"),
    ],
)
def test_bad_input_is_one_clear_line(
    refused: Refused, model: Path, photos: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    assert message in refused("translate", *words)


def test_what_is_read_is_never_replaced(
    refused: Refused, model: Path, photos: Path, tmp_path: Path
) -> None:
    only = tmp_path / "only"
    only.mkdir()
    os.link(photos / "b.png", only / "b.png")
    words = ("translate", "model.onnx", "only", "-o", "only", "--force")
    assert "only would replace only/b.png" in refused(*words)


def test_existing_files_need_force(
    gansdk: Run, refused: Refused, model: Path, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "out.png").write_bytes(b"precious")
    words = ("translate", "model.onnx", "photos/b.png", "-o", "out.png")
    assert "out.png exists" in refused(*words)
    assert gansdk(*words, "--force").returncode == 0
    assert pixels(tmp_path / "out.png").shape == (9, 7, 3)
    assert gansdk("translate", "model.onnx", "photos", "-o", "made").returncode == 0
    words = ("translate", "model.onnx", "photos", "-o", "made")
    assert "made holds pictures already" in refused(*words)
    assert gansdk(*words, "--force").returncode == 0
