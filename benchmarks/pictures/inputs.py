"""Real pictures, cut and scaled to the sizes of generators, and the floats that round to them.

The originals lie in the wheels of scikit-learn and scikit-image; nothing is downloaded. A picture
of up to 256 x 256 is a crop scaled down by area. None of the originals has 1,024 x 1,024 pixels,
and an enlarged one would be smoother than anything a generator makes, so a picture above 256 x 256
is four crops side by side, each enlarged by as little as it takes.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..peers import Floats

Bytes = npt.NDArray[np.uint8]
ORIGINALS = {
    "china": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
}
_GOLDEN = 0.6180339887498949  # its multiples spread evenly over [0, 1)


def originals() -> dict[str, Path]:
    """Return the files that are installed, by name.

    Raises
    ------
    SystemExit
        There is none.
    """
    found = {}
    for name, (package, file) in ORIGINALS.items():
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if (path := Path(folder) / file).is_file():
                found[name] = path
    if not found:
        raise SystemExit("the pictures lie in scikit-learn and scikit-image: install one of them")
    return found


def describe() -> str:
    """Return what the pictures of this run are made of."""
    return (
        f"Pictures: crops of {', '.join(originals())} (scikit-learn, scikit-image), scaled by area "
        "to at most 256 x 256; larger ones are four crops side by side. Floats: the levels in "
        "[-1, 1], each moved by up to half a level."
    )


def pictures(count: int, side: int) -> Bytes:
    """Return uint8 (count, side, side, 3), the same at each call."""
    if side > 256:
        quarters = _crops(4 * count, side // 2).reshape(count, 2, 2, side // 2, side // 2, 3)
        return np.ascontiguousarray(quarters.swapaxes(2, 3)).reshape(count, side, side, 3)
    return _crops(count, side)


def floats(levels: Bytes, *, reach: float = 0.499) -> Floats:
    """Return float32 NCHW near [-1, 1] that rounds to `levels`.

    Each value is moved by up to `reach` of a level, as a network's output lies between levels: code
    that truncates then differs in half of the values, and levels 0 and 255 need the clamp. At 0.5
    some lie on the edge between two levels, where ways of rounding part.
    """
    jitter = np.random.default_rng(1).uniform(-reach, reach, levels.shape)
    x = (levels + jitter) / 127.5 - 1
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)


def _crops(count: int, side: int) -> Bytes:
    """Cut squares of 75 to 100 % of an original's shorter side, in turn from each original."""
    from PIL import Image

    images = [_open(path) for path in originals().values()]
    found = []
    for i in range(count):
        image = images[i % len(images)]
        a, b, c = ((i + 1) * _GOLDEN % 1, (i + 1) * _GOLDEN**2 % 1, (i + 1) * _GOLDEN**3 % 1)
        shorter = min(image.shape[:2])
        crop = max(round(shorter * (0.75 + 0.25 * a)), min(side, shorter))
        top, left = (int(u * (n - crop + 1)) for u, n in zip((b, c), image.shape[:2], strict=True))
        square = Image.fromarray(np.ascontiguousarray(image[top : top + crop, left : left + crop]))
        how = Image.Resampling.BOX if crop >= side else Image.Resampling.LANCZOS
        found.append(np.asarray(square.resize((side, side), how)))
    return np.stack(found)


@cache
def _open(path: Path) -> Bytes:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
