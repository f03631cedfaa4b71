"""MP4 with H.264, through PyAV.

One thread and no time stamp, so that equal frames give equal bytes. Colours are converted here, in
integers and so alike on every CPU: an eighth of the whole time at 1024 x 1024.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MissingDependencyError, OutputError
from .pictures import Bytes

# ITU-R BT.709 for levels 16 ... 235 (luma) and 16 ... 240 (chroma), in units of 2^-16.
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722
_LUMA = [round(k * 219 / 255 * 65536) for k in (_RED, _GREEN, _BLUE)]
_BT709 = 1  # in H.264's tables of primaries, transfer and matrix
_LIMITED = 1  # "MPEG" range


def _chroma(own: int, share: float) -> list[int]:
    """Weights of (colour - luma) for the colour at position `own`, whose share of luma is given."""
    scale = 224 / 255 / (2 * (1 - share)) * 65536
    weights = [round(-k * scale) for k in (_RED, _GREEN, _BLUE)]
    weights[own] -= sum(weights)  # grey has no colour, exactly
    return weights


_CB, _CR = _chroma(2, _BLUE), _chroma(0, _RED)


def encode(frames: Bytes, *, rate: Fraction, crf: int) -> bytes:
    """Return the file's bytes."""
    try:
        import av
    except ImportError:
        raise MissingDependencyError("MP4 needs PyAV: pip install 'gansdk[video]'") from None
    try:
        # The index is moved before the frames, so that a browser can start at once; for that the
        # muxer reads the file again, which it can do by name only.
        with tempfile.TemporaryDirectory(prefix="gansdk-") as folder:
            path = Path(folder) / "film.mp4"
            _write(av, path, frames, rate, crf)
            return path.read_bytes()
    except av.codec.codec.UnknownCodecError:
        raise MissingDependencyError(
            "this build of PyAV has no libx264: install its wheel, "
            "pip install --only-binary=:all: av"
        ) from None
    except av.FFmpegError as error:
        raise OutputError(f"PyAV cannot encode these frames: {error}") from error
    except OSError as error:
        raise OutputError(
            f"{tempfile.gettempdir()} cannot hold the film while it is made: "
            f"{error.strerror or error}; TMPDIR names another folder"
        ) from error


def _write(av: Any, path: Path, frames: Bytes, rate: Fraction, crf: int) -> None:
    _, height, width, _ = frames.shape
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": str(crf)})
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.thread_count = 1
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED
        context.time_base = 1 / rate
        for i, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(_yuv420(frame), format="yuv420p")
            picture.pts, picture.time_base = i, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _yuv420(frame: Bytes) -> Bytes:
    """Return luma and, at half the resolution, chroma, as the rows of one plane."""
    height, width, channels = frame.shape
    odd = ((0, height % 2), (0, width % 2), (0, 0))
    levels = np.pad(frame, odd, "edge") if height % 2 or width % 2 else frame
    height, width, _ = levels.shape
    planes = np.empty((height * 3 // 2, width), np.uint8)
    # A grey level weighs as much as three equal ones.
    colours = [levels[..., i].astype(np.int32) for i in range(channels)]
    luma = [sum(_LUMA)] if channels == 1 else _LUMA
    planes[:height] = (_weighted(colours, luma) + (16 << 16) + (1 << 15)) >> 16
    chroma = planes[height:].reshape(2, height // 2, width // 2)
    if channels == 1:
        chroma[:] = 128
        return planes
    fewer = [_halved(colour) for colour in colours]  # 8 times the mean
    for plane, weights in zip(chroma, (_CB, _CR), strict=True):
        plane[:] = (_weighted(fewer, weights) + (128 << 19) + (1 << 18)) >> 19
    return planes


def _weighted(colours: list[Any], weights: list[int]) -> Any:
    return sum(colour * weight for colour, weight in zip(colours, weights, strict=True))


def _halved(colour: Any) -> Any:
    """Sum 1 2 1 across and 1 1 down, at every second pixel: where H.264 expects its chroma."""
    rows = colour[::2] + colour[1::2]
    left = np.concatenate([rows[:, :1], rows[:, 1:-1:2]], axis=1)
    return left + 2 * rows[:, ::2] + rows[:, 1::2]
