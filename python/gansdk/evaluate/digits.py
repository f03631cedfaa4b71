"""scikit-learn's digits as 32 x 32 images: real handwriting that comes with a package.

1,797 images of 8 x 8 pixels with 17 levels of ink (Alpaydin and Kaynak 1998, the test part of the
UCI set), upsampled to 32 x 32 by bicubic interpolation (Keys 1981, Pillow's a = -0.5), clamped to
the ink's range and rounded to 8 bits. Black is 0, full ink 255.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ..arguments import choice
from ..errors import MissingDependencyError

SIZE = 32
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

Split = Literal["train", "test"]


def load_digits(split: Split) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the images, uint8 (n, 32, 32, 1), and their classes, int64 (n,).

    "train" holds 1,257 images and "test" 540: a fixed split, stratified by class.

    Raises
    ------
    MissingDependencyError
        scikit-learn or Pillow is not installed.
    """
    choice(split, "split", get_args(Split))
    try:
        from PIL import Image
        from sklearn import datasets, model_selection
    except ImportError as error:
        raise MissingDependencyError(
            f"the digits need {error.name}, which is not installed: "
            "pip install 'gansdk[cli,evaluate]'"
        ) from None
    data = datasets.load_digits()
    train, test = model_selection.train_test_split(
        np.arange(len(data.target)), test_size=0.3, random_state=0, stratify=data.target
    )
    chosen = train if split == "train" else test
    large = [
        np.asarray(Image.fromarray(ink).resize((SIZE, SIZE), Image.Resampling.BICUBIC))
        for ink in data.images[chosen].astype(np.float32) / 16
    ]
    pixels = np.rint(np.clip(np.stack(large), 0, 1) * 255).astype(np.uint8)
    return pixels[..., np.newaxis], data.target[chosen].astype(np.int64)
