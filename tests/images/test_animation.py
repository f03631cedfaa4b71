"""Animations hold every frame, for as long as they should; other readers agree."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansdk import images
from gansdk.errors import InvalidArgumentError, MissingDependencyError, OutputError
from gansdk.images import animated_png
from gansdk.images.animation import AnimationFormat

pytest.importorskip("PIL")
Bytes = npt.NDArray[np.uint8]
STILL = ["webp", "apng", "gif"]  # what Pillow reads
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read(content: bytes, channels: int) -> tuple[Bytes, list[float], int | None]:
    """Frames, durations in ms and loop count as Pillow reads them."""
    from PIL import Image, ImageSequence

    with Image.open(io.BytesIO(content)) as film:
        frames, durations = [], []
        for frame in ImageSequence.Iterator(film):
            pixels = np.asarray(frame.convert(MODES[channels]))
            frames.append(pixels.reshape(*pixels.shape[:2], channels))
            durations.append(frame.info["duration"])
        return np.array(frames), durations, film.info.get("loop")


def read_video(content: bytes) -> tuple[Bytes, float]:
    """Frames as RGB, and seconds; converted by the standard's formulas in floats."""
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(content)) as film:
        stream = film.streams.video[0]
        frames = list(film.decode(stream))
        for frame in frames:
            assert (frame.format.name, frame.colorspace, frame.color_range) == ("yuv420p", 1, 1)
        pictures = [rgb_of(frame.to_ndarray(), frame.height) for frame in frames]
        return np.array(pictures), float(stream.duration * stream.time_base)


def rgb_of(planes: Bytes, height: int) -> npt.NDArray[np.float64]:
    """ITU-R BT.709 of limited range, chroma between the rows and on every second column."""
    luma = (planes[:height].astype(float) - 16) * 255 / 219
    halves = (planes[height:].reshape(2, height // 2, -1).astype(float) - 128) * 255 / 224
    near = np.pad(halves, ((0, 0), (1, 1), (0, 1)), "edge")
    rows = np.empty((2, height, near.shape[2]))
    rows[:, ::2] = 0.75 * near[:, 1:-1] + 0.25 * near[:, :-2]
    rows[:, 1::2] = 0.75 * near[:, 1:-1] + 0.25 * near[:, 2:]
    cb, cr = chroma = np.empty((2, *luma.shape))
    chroma[..., ::2] = rows[..., :-1]
    chroma[..., 1::2] = (rows[..., :-1] + rows[..., 1:]) / 2
    red, blue = luma + 1.5748 * cr, luma + 1.8556 * cb
    return np.stack([red, (luma - 0.2126 * red - 0.0722 * blue) / 0.7152, blue], -1)


def noise(*shape: int, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def smooth(n: int, height: int, width: int) -> Bytes:
    """A gradient of many colours that moves."""
    y, x = np.mgrid[:height, :width]
    planes = [
        128 + 100 * np.sin(x / 23 + np.arange(n)[:, None, None] / 9 + shift) * np.cos(y / 17)
        for shift in (0, 2, 4)
    ]
    return np.stack(planes, -1).astype(np.uint8)


@pytest.mark.parametrize(
    ("format_", "channels"),
    [(f, c) for f in STILL for c in (1, 3, 4) if (f, c) != ("gif", 4)],  # GIF takes no alpha
)
def test_lossless_films_hold_every_level_and_every_frame(format_: str, channels: int) -> None:
    x = noise(7, 13, 17, channels)  # 221 pixels: no more colours than GIF has
    x[2] = x[3] = x[1]
    x[6] = x[5]
    frames, durations, loop = read(images.encode_animation(x, format_, fps=8), channels)
    assert frames.shape == x.shape
    assert (frames == x).all()
    assert sum(durations) == pytest.approx(875, abs=5)
    assert loop == 0
    assert images.encode_animation(np.asfortranarray(x), format_, fps=8) == images.encode_animation(
        x, format_, fps=8
    )


@pytest.mark.parametrize("format_", STILL)
def test_equal_frames_are_all_kept(format_: str) -> None:
    x = np.repeat(noise(1, 6, 5, 3), 9, 0)
    frames, durations, _ = read(images.encode_animation(x, format_, fps=25), 3)
    assert len(frames) == 9
    assert durations == [40] * 9


@settings(max_examples=60)
@given(
    st.sampled_from(STILL),
    st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3])),
    st.integers(0, 2**32),
    st.integers(1, 256),
)
def test_films_of_any_size_are_exact_where_colours_are_few(
    format_: str, shape: tuple[int, ...], seed: int, colours: int
) -> None:
    table = noise(colours, shape[3], seed=seed)
    x = table[np.random.default_rng(seed).integers(0, colours, shape[:3])]
    frames, _, _ = read(images.encode_animation(x, format_), shape[3])
    assert (frames == x).all()


@settings(max_examples=100)
@given(
    st.sampled_from(STILL),
    st.integers(1, 40),
    st.one_of(
        st.integers(1, 50),
        st.floats(0.01, 50),
        st.fractions(Fraction(1, 100), 50),
        st.sampled_from([30000 / 1001, Fraction(24000, 1001), 29.97]),
    ),
)
def test_durations_add_up(format_: str, n: int, fps: float) -> None:
    x = np.zeros((n, 1, 1, 1), np.uint8)
    _, durations, _ = read(images.encode_animation(x, format_, fps=fps), 1)
    assert len(durations) == n
    rate = Fraction(fps).limit_denominator(1001)
    tick = {"webp": 1, "gif": 10, "apng": 0}[format_]
    total = np.cumsum(durations)
    exact = np.array([float(1000 * i / rate) for i in range(1, n + 1)])
    assert (np.abs(total - exact) <= tick / 2 + 1e-6 * exact).all()
    # No frame so short that browsers would show it for longer.
    assert min(durations) >= (20 if format_ == "gif" else 11)


@pytest.mark.parametrize("format_", STILL)
@pytest.mark.parametrize("plays", [0, 1, 2, 65535])
def test_loops(format_: str, plays: int) -> None:
    content = images.encode_animation(noise(3, 4, 4, 1), format_, loop=plays)
    _, _, loop = read(content, 1)
    if format_ == "gif":  # which counts the repetitions after the first time
        assert loop == {0: 0, 1: None}.get(plays, plays - 1)
    else:
        assert loop == plays


@pytest.mark.parametrize("format_", [*STILL, "mp4"])
def test_a_film_may_have_one_frame(format_: str) -> None:
    x = noise(1, 16, 16, 1) // 16 * 4 + 100
    content = images.encode_animation(x, format_)
    frames = read_video(content)[0][..., :1] if format_ == "mp4" else read(content, 1)[0]
    assert frames.shape == x.shape


def test_gif_with_many_colours_is_near() -> None:
    x = smooth(3, 96, 128)
    x[1, ..., :] = x[1, :1, :1]  # one frame of one colour between two of thousands
    frames, _, _ = read(images.encode_animation(x, "gif"), 3)
    assert (frames[1] == x[1]).all()
    from PIL import Image, ImageFilter

    for got, want in zip(frames[::2], x[::2], strict=True):
        seen, meant = (
            np.asarray(Image.fromarray(p).filter(ImageFilter.GaussianBlur(2)), float)
            for p in (got, want)
        )
        assert np.sqrt(np.mean((seen - meant) ** 2)) < 0.8  # 0.95 without dithering


def test_webp_quality_trades_bytes_for_levels() -> None:
    x = smooth(4, 64, 80)
    sizes, errors = [], []
    for quality in (10, 80, 100, None):
        content = images.encode_animation(x, quality=quality)
        frames, durations, _ = read(content, 3)
        assert durations == [33, 34, 33, 33]
        sizes.append(len(content))
        errors.append(np.sqrt(np.mean((frames.astype(float) - x) ** 2)))
    assert sizes[0] < sizes[1] < sizes[2]
    assert errors[0] > errors[1] > errors[2] > errors[3] == 0
    assert errors[1] < 4
    alpha = np.concatenate([x, smooth(4, 64, 80)[..., :1]], -1)
    frames, _, _ = read(images.encode_animation(alpha, quality=80), 4)
    assert (frames[..., 3] == alpha[..., 3]).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(64, 80), (63, 79), (2, 2), (1, 1), (17, 3)])
def test_mp4(channels: int, size: tuple[int, int]) -> None:
    x = smooth(5, *size)[..., :channels]
    x[3] = x[2]
    content = images.encode_animation(x, "mp4", fps=Fraction(30000, 1001), crf=1)
    frames, seconds = read_video(content)
    height, width = size[0] + size[0] % 2, size[1] + size[1] % 2
    assert frames.shape == (5, height, width, 3)
    padded = np.pad(x, ((0, 0), (0, height - size[0]), (0, width - size[1]), (0, 0)), "edge")
    error = np.abs(frames - padded)
    assert error.mean() < (1 if min(size) > 16 else 2)
    assert np.abs((frames - padded).mean()) < 0.5
    if channels == 1:
        assert error.max() < 3
    assert seconds == pytest.approx(5 * 1001 / 30000, abs=1e-4)
    assert content.find(b"moov") < content.find(b"mdat")  # plays before all of it is there


def test_mp4_keeps_colours_and_bytes() -> None:
    corners = np.array(np.meshgrid(*[[0, 96, 255]] * 3)).reshape(3, -1).T.astype(np.uint8)
    x = np.broadcast_to(corners[:, None, None], (27, 32, 32, 3))
    content = images.encode_animation(x, "mp4", crf=1)
    frames, _ = read_video(content)
    assert np.abs(frames - x).max() < 4
    assert images.encode_animation(x, "mp4", crf=1) == content
    assert len(images.encode_animation(smooth(5, 64, 64), "mp4", crf=40)) < len(
        images.encode_animation(smooth(5, 64, 64), "mp4")
    )


def test_opencv_reads_mp4(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("av")
    x = np.repeat(np.linspace(20, 230, 12).astype(np.uint8), 64 * 48 * 3).reshape(12, 48, 64, 3)
    images.save_animation(tmp_path / "a.mp4", x, fps=12)
    film = cv2.VideoCapture(str(tmp_path / "a.mp4"))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 12
    assert film.get(cv2.CAP_PROP_FPS) == 12
    levels = [film.read()[1].mean() for _ in range(12)]
    film.release()
    assert np.abs(np.array(levels) - x[:, 0, 0, 0]).max() < 3


def test_opencv_reads_the_others() -> None:
    cv2 = pytest.importorskip("cv2")
    x = noise(4, 9, 11, 3)
    x[2] = x[1]
    for format_ in STILL:
        content = np.frombuffer(images.encode_animation(x, format_), np.uint8)
        done, film = cv2.imdecodeanimation(content)
        assert done, format_
        frames = np.array([frame[..., 2::-1] for frame in film.frames])
        assert (frames == x).all(), format_


@pytest.mark.parametrize("format_", ["webp", "apng"])
def test_the_number_of_threads_changes_nothing(format_: AnimationFormat) -> None:
    x = noise(5, 33, 20, 3)
    films = {images.encode_animation(x, format_, threads=n) for n in (1, 2, 9, None)}
    assert len(films) == 1


def test_apng_keeps_to_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int | None] = []

    def encode_batch(*arguments: Any, threads: int | None = None) -> list[bytes]:
        asked.append(threads)
        return images.encode_batch(*arguments, threads=threads)

    monkeypatch.setattr(animated_png, "encode_batch", encode_batch)
    images.encode_animation(noise(2, 8, 8, 3), "apng", threads=1)
    assert asked == [1]


@pytest.mark.parametrize(
    ("format_", "bad"),
    [
        ("webp", {"fps": 0}),
        ("webp", {"fps": -3}),
        ("webp", {"fps": float("nan")}),
        ("webp", {"fps": float("inf")}),
        ("webp", {"fps": "24"}),
        ("webp", {"fps": None}),
        ("webp", {"fps": True}),
        ("webp", {"fps": 61}),
        ("apng", {"fps": 61}),
        ("gif", {"fps": 51}),
        ("mp4", {"fps": 241}),
        ("gif", {"fps": 0.001}),
        ("webp", {"loop": -1}),
        ("webp", {"loop": 65536}),
        ("webp", {"loop": 1.5}),
        ("webp", {"quality": 101}),
        ("webp", {"quality": -1}),
        ("gif", {"quality": 80}),
        ("mp4", {"quality": 80}),
        ("mp4", {"crf": 0}),
        ("mp4", {"crf": 52}),
        ("webp", {"crf": 20}),
        ("webp", {"threads": 0}),
        ("avi", {}),
    ],
)
def test_bad_arguments(format_: str, bad: dict[str, object]) -> None:
    with pytest.raises(InvalidArgumentError, match=next(iter(bad), "format")) as caught:
        images.encode_animation(np.zeros((2, 4, 4, 3), np.uint8), format_, **bad)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_mp4_has_no_loop() -> None:
    with pytest.raises(InvalidArgumentError, match="loop"):
        images.encode_animation(np.zeros((2, 4, 4, 3), np.uint8), "mp4", loop=2)


def test_bad_frames() -> None:
    x = np.zeros((2, 4, 4, 3), np.uint8)
    for wrong in (x[0], x.astype(np.uint16), x[:0], x[:, :, :0], [x], x[..., :2]):
        with pytest.raises(InvalidArgumentError, match="frames"):
            images.encode_animation(wrong)  # type: ignore[arg-type]
    for format_ in ("gif", "mp4"):
        with pytest.raises(InvalidArgumentError, match="alpha"):
            images.encode_animation(np.zeros((2, 4, 4, 4), np.uint8), format_)
    for format_, side in (("webp", 16384), ("mp4", 16385), ("gif", 65536)):
        with pytest.raises(InvalidArgumentError, match="pixels wide and high"):
            images.encode_animation(np.zeros((1, 1, side, 1), np.uint8), format_)


def test_files(tmp_path: Path) -> None:
    x = noise(3, 8, 8, 1)
    for name, format_ in (
        ("a.webp", "webp"),
        ("a.png", "apng"),
        ("a.apng", "apng"),
        ("a.GIF", "gif"),
    ):
        images.save_animation(tmp_path / name, x, fps=10, loop=2)
        content = images.encode_animation(x, format_, fps=10, loop=2)
        assert (tmp_path / name).read_bytes() == content
    images.save_animation(str(tmp_path / "a.webp"), x[:1])
    with pytest.raises(OutputError, match="exists"):
        images.save_animation(tmp_path / "a.webp", x, force=False)
    with pytest.raises(OutputError, match="is no folder"):
        images.save_animation(tmp_path / "none" / "a.webp", x)
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(OutputError, match="folder.gif"):
        images.save_animation(tmp_path / "folder.gif", x)
    for name in ("a.avi", "a", ".webp"):
        with pytest.raises(InvalidArgumentError, match="suffix"):
            images.save_animation(tmp_path / name, x)
    with pytest.raises(InvalidArgumentError, match="fps"):
        images.save_animation(tmp_path / "b.webp", x, fps=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "a.GIF",
        "a.apng",
        "a.png",
        "a.webp",
        "folder.gif",
    ]


def test_what_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.webp").write_bytes(b"precious")
    code = """if True:
        import resource
        import numpy as np
        from gansdk import images
        from gansdk.errors import OutputError
        content = np.zeros((2, 64, 64, 3), np.uint8)
        images.encode_animation(content)  # what it imports may write more than is allowed below
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
        try:
            images.save_animation("a.webp", content)
        except OutputError as error:
            assert str(error).startswith("a.webp cannot be written: "), error
        else:
            raise AssertionError
    """
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]
    assert (tmp_path / "a.webp").read_bytes() == b"precious"


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros((2, 4, 4, 3), np.uint8)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependencyError, match=re.escape("gansdk[video]")):
        images.encode_animation(x, "mp4")
    monkeypatch.setitem(sys.modules, "PIL", None)
    for format_ in ("webp", "gif"):
        with pytest.raises(MissingDependencyError, match=re.escape("gansdk[images]")):
            images.encode_animation(x, format_)


def test_a_build_without_the_codec_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import features

    x = np.zeros((2, 4, 4, 3), np.uint8)
    monkeypatch.setattr(features, "check", lambda name: name != "webp")
    with pytest.raises(MissingDependencyError, match="WebP"):
        images.encode_animation(x)
    av = pytest.importorskip("av")
    from gansdk.images import video

    def without(*_: object) -> None:
        raise av.codec.codec.UnknownCodecError("libx264")

    monkeypatch.setattr(video, "_write", without)
    with pytest.raises(MissingDependencyError, match="libx264"):
        images.encode_animation(x, "mp4")
