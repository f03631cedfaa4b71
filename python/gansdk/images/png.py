"""PNG files by gansdk's own encoder."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _core
from ..arguments import choice, integer
from ..cpus import usable_cpus
from ..errors import InvalidArgumentError, MissingDependencyError, OutOfMemoryError
from .law import LevelLaw, Nonfinite, refuse_nonfinite
from .threads import map_in_order

_MOST = 2**31 - 1  # of a side, and of a chunk's bytes
_COLOUR = {1: 0, 2: 4, 3: 2, 4: 6}
_LEVEL = 12  # of libdeflate's 1 ... 12
_TRIAL = 6

Texts = Mapping[str, str]


def encode_png(
    pictures: npt.NDArray[np.uint8] | npt.NDArray[np.uint16],
    *,
    compression: Literal["fast", "small"] = "fast",
    texts: Sequence[Texts] | None = None,
    threads: int | None = None,
) -> list[bytes]:
    """Encode a batch of pictures as PNG files in memory.

    The bytes are a pure function of a picture, its texts and `compression` - with "small" also of
    libdeflate's version - never of the batch, the threads or the machine; they hold no time stamp.

    Parameters
    ----------
    pictures
        uint8 or uint16 of shape (n, height, width, channels); 1 channel is grey, 2 grey and alpha,
        3 RGB, 4 RGBA. Copied first if it is not C-contiguous.
    compression
        "fast" is gansdk's encoder: a photograph takes about the bytes that Pillow writes. "small"
        has libdeflate search for the fewest bytes: several hundred times as long, for 3 to 4 % of a
        photograph, more of a drawing.
    texts
        For each picture what its text chunks say, by keyword: 1 to 79 printable Latin-1
        characters. Texts beyond Latin-1 are kept as international text.
    threads
        At most this many; by default one for each usable CPU.

    Returns
    -------
    The files, in the order of the pictures.

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype.
    MissingDependencyError
        compression is "small" and the package deflate is not installed.
    OutOfMemoryError
        The files do not fit into memory.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk.images.png import encode_png
    >>> files = encode_png(np.zeros((2, 8, 8, 3), np.uint8), texts=[{"Title": "a"}, {}])
    >>> files[0][1:4], b"tEXtTitle" in files[0]
    (b'PNG', True)
    """
    choice(compression, "compression", ("fast", "small"))
    pixels = _checked(pictures)
    chunks = [] if texts is None else _chunks(texts, len(pixels))
    workers = 0 if threads is None else integer(threads, "threads", least=1, most=1024)
    if compression == "fast":
        return _core.png(pixels, chunks, workers)
    return _small(pixels, chunks or [[] for _ in pixels], workers)


def encode_png_of_floats(
    planes: npt.NDArray[Any],
    law: LevelLaw,
    *,
    texts: Sequence[Texts] | None = None,
    threads: int | None = None,
    nonfinite: Nonfinite = "error",
) -> list[bytes]:
    """Encode a network's floats as PNG files: the bytes that `encode_png` gives for their levels.

    Levels are made row by row where the encoder wants them, never stored as a whole.

    Parameters
    ----------
    planes
        What `checked_floats` returns: (n, channels, height, width), with 1 ... 4 channels.
    law
        What `level_law` returns.
    texts, threads
        As for `encode_png`.
    nonfinite
        As for `to_uint8`.

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype.
    NonFiniteError
        `planes` holds a NaN or an infinity; names the first image that does.
    OutOfMemoryError
        The files do not fit into memory.
    """
    chunks = [] if texts is None else _chunks(texts, len(planes))
    workers = 0 if threads is None else integer(threads, "threads", least=1, most=1024)
    files, bad = _core.png_of_floats(planes, *law.arguments(planes.shape[1]), chunks, workers)
    refuse_nonfinite(bad, nonfinite)
    return files


def _small(
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], chunks: list[list[bytes]], threads: int
) -> list[bytes]:
    try:
        import deflate
    except ImportError:
        raise MissingDependencyError(
            "compression='small' needs the package deflate: pip install 'gansdk[images]'"
        ) from None

    def encode(i: int) -> bytes:
        picture = pixels[i : i + 1]
        # A filter for each row suits photographs, none what repeats itself, and one for all rows
        # gradients: a fast pass tells which.
        rows = [_core.png_filtered(picture, kind, 1)[0] for kind in (-1, 0, 4)]
        best = min(rows, key=lambda x: len(deflate.zlib_compress(x, _TRIAL)))
        return _wrap(picture, chunks[i], deflate.zlib_compress(best, _LEVEL))

    return map_in_order(encode, range(len(pixels)), threads=threads or usable_cpus())


def _wrap(picture: npt.NDArray[Any], chunks: list[bytes], stream: bytearray) -> bytes:
    """Return the file around the compressed rows of one picture."""
    _, height, width, channels = picture.shape
    bits = 8 * picture.itemsize
    header = struct.pack(">4s2I5B", b"IHDR", width, height, bits, _COLOUR[channels], 0, 0, 0)
    parts = [b"IDAT" + stream[i : i + _MOST] for i in range(0, len(stream), _MOST)]
    framed = [b"\x89PNG\r\n\x1a\n"]
    for body in (header, *chunks, *parts, b"IEND"):
        framed += [struct.pack(">I", len(body) - 4), body, struct.pack(">I", zlib.crc32(body))]
    return b"".join(framed)


def _checked(pictures: Any) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    if not isinstance(pictures, np.ndarray):
        raise InvalidArgumentError(
            f"pictures must be a NumPy array; got {type(pictures).__name__}: use np.asarray"
        )
    if pictures.dtype.newbyteorder("=") not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise InvalidArgumentError(
            f"pictures must be uint8 or uint16; got {pictures.dtype}: see to_uint8 and to_uint16"
        )
    if pictures.ndim != 4 or not 1 <= pictures.shape[3] <= 4:
        raise InvalidArgumentError(
            "pictures must have the shape (n, height, width, channels) with 1 ... 4 channels; "
            f"got {pictures.shape}: give one picture a batch axis, x[None]"
        )
    if not all(1 <= side <= _MOST for side in pictures.shape[1:3]):
        raise InvalidArgumentError(
            f"a PNG has 1 ... 2^31 - 1 pixels on each side; got pictures of shape {pictures.shape}"
        )
    try:
        return np.ascontiguousarray(pictures, pictures.dtype.newbyteorder("="))
    except MemoryError:
        raise OutOfMemoryError(
            f"a contiguous copy of pictures of shape {pictures.shape} does not fit into memory: "
            "encode fewer at once"
        ) from None


def _chunks(texts: Sequence[Texts], count: int) -> list[list[bytes]]:
    """Return the text chunks of each picture: type, then data."""
    if isinstance(texts, (str, Mapping)) or not isinstance(texts, Sequence):
        raise InvalidArgumentError(
            f"texts must be a sequence, a mapping for each picture; got {type(texts).__name__}"
        )
    if len(texts) != count:
        raise InvalidArgumentError(
            f"texts must have one mapping for each of the {count} pictures; got {len(texts)}"
        )
    for i, mapping in enumerate(texts):
        if not isinstance(mapping, Mapping):
            raise InvalidArgumentError(
                f"texts[{i}] must be a mapping of keywords to texts; got {mapping!r}"
            )
    return [[_chunk(word, text) for word, text in mapping.items()] for mapping in texts]


def _chunk(keyword: str, text: str) -> bytes:
    if not (isinstance(keyword, str) and _is_keyword(keyword)):
        raise InvalidArgumentError(
            "a PNG keyword is 1 ... 79 printable Latin-1 characters with single spaces inside; "
            f"got {keyword!r}"
        )
    if not isinstance(text, str):
        raise InvalidArgumentError(f"the text of {keyword!r} must be a str; got {text!r}")
    if "\0" in text:
        raise InvalidArgumentError(f"the text of {keyword!r} holds a NUL, which PNG cannot keep")
    name = keyword.encode("latin-1")
    if all(map(_is_latin1, text)):
        body = b"tEXt" + name + b"\0" + text.encode("latin-1")
    else:  # not compressed, no language, no translated keyword
        try:
            body = b"iTXt" + name + b"\0\0\0\0\0" + text.encode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(
                f"the text of {keyword!r} holds a lone surrogate, which UTF-8 cannot encode"
            ) from None
    if len(body) - 4 > _MOST:
        raise InvalidArgumentError(f"the text of {keyword!r} exceeds the 2^31 - 1 bytes of a chunk")
    return body


def _is_latin1(character: str) -> bool:
    """Say whether PNG's tEXt may hold it: printable, or a line feed."""
    return " " <= character <= "~" or "\xa1" <= character <= "\xff" or character == "\n"


def _is_keyword(word: str) -> bool:
    printable = all(map(_is_latin1, word)) and "\n" not in word
    return printable and 1 <= len(word) <= 79 and word == word.strip(" ") and "  " not in word
