"""A folder of numbered PNGs, whole or not at all.

    00000000.png ...    one file an image, named by its index
    metadata.jsonl      one line an image: file_name, index, label, sha256 of the file
    manifest.json       the job: model, seed, range, labels, versions; written last

Hugging Face's `imagefolder` reads the first two as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy.typing as npt

from .. import images
from ..arguments import integer
from ..cpus import usable_cpus
from ..errors import InvalidArgumentError, NonFiniteError
from ..images.encoding import encoding_of
from ..latents import CONTRACT
from ..provenance import file_sha256, recipe_of, runtime_of
from ..sampler import Sampler
from ..selection import CyclicLabels, Selection, checked_cycle, labels_at
from ..staging import staged_folder

MANIFEST = "manifest.json"
METADATA = "metadata.jsonl"
_OURS = rf"\d{{8,20}}\.png|{MANIFEST}|{METADATA}".replace(".json", r"\.json")
_BATCH = 64


def generate(
    sampler: Sampler,
    n: int,
    out: str | os.PathLike[str],
    *,
    seed: int = 0,
    start: int = 0,
    labels: CyclicLabels = None,
    truncation: float | None = None,
    batch_size: int | None = None,
    force: bool = False,
    on_images: Callable[[int], None] | None = None,
) -> Path:
    """Write images start ... start + n - 1 of a seed into a new folder.

    Parameters
    ----------
    sampler : Sampler
        A model of images.
    n, seed, start, batch_size
        As for `Sampler.sample`; memory does not grow with n.
    out : str or path
        The folder.
    labels : int, tuple of int, "prior" or "balanced", optional
        As for `Sampler.sample`, except that a tuple of classes is repeated by the image's index:
        image i has class labels[i mod len(labels)].
    truncation : float, optional
        As for `Sampler.sample`.
    force : bool
        Whether to replace a data set that `out` holds already.
    on_images : callable, optional
        Called with the number of images that were just written.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    InvalidArgumentError
        An argument is out of range, or the model gives no images.
    OutputError
        `out` is in the way or cannot be written; nothing is left behind.
    """
    selection = Selection.of_range(sampler.spec, n, seed, start, None, truncation)
    n, start = selection.count, selection.start
    if sampler.spec.output.kind != "image":
        raise InvalidArgumentError(f"{sampler.spec.name!r} gives arrays, not images")
    step = integer(batch_size, "batch_size", least=1) if batch_size is not None else _BATCH
    width = max(8, len(str(start + n - 1)))
    seed, labels = selection.seed, checked_cycle(sampler.spec, labels)
    with (
        staged_folder(out, what="a data set", ours=_OURS, force=force) as stage,
        ThreadPoolExecutor(sampler.threads or usable_cpus()) as pool,
        (stage / METADATA).open("w") as rows,
    ):
        made = recipe_of(
            sampler,
            seed=seed,
            start=start,
            truncation=truncation,
            encoding=encoding_of("png"),
        )
        for first in range(start, start + n, step):
            count = min(step, start + n - first)
            wanted = labels_at(labels, first, count)
            values = sampler.sample(
                count,
                seed=seed,
                start=first,
                labels=wanted,
                truncation=truncation,
                batch_size=batch_size,
                output="float",
            )
            classes = sampler.labels(count, seed=seed, start=first, labels=wanted)
            recipes = [
                replace(made, start=first + i, labels=None, label=label)
                for i, label in enumerate([None] * count if classes is None else classes.tolist())
            ]
            files = _encoded(sampler, values, recipes)
            names = [f"{first + i:0{width}d}.png" for i in range(count)]
            digests = pool.map(partial(_write, stage), names, files)
            for i, digest in enumerate(digests):
                row: dict[str, Any] = {"file_name": names[i], "index": first + i}
                if classes is not None:
                    row["label"] = int(classes[i])
                rows.write(json.dumps({**row, "sha256": digest}) + "\n")
            if on_images is not None:
                on_images(count)
        rows.flush()
        document = _manifest(sampler, n, made, labels, _shape(sampler, values))
        (stage / MANIFEST).write_text(json.dumps(document, indent=2) + "\n")
    return Path(out) / MANIFEST


def _encoded(
    sampler: Sampler, values: npt.NDArray[Any], recipes: list[images.Recipe]
) -> list[bytes]:
    try:
        return images.encode_batch(
            values,
            recipes=recipes,
            threads=sampler.threads,
            rounding=sampler.rounding,
            **sampler.spec.output.conversion,
        )
    except NonFiniteError as error:
        first = error.first or 0
        raise NonFiniteError(
            f"image {recipes[first].start} of seed {recipes[first].seed} holds a NaN or an "
            "infinity: the network fails there",
            first=first,
        ) from None


def _write(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _manifest(
    sampler: Sampler,
    n: int,
    made: images.Recipe,
    labels: CyclicLabels,
    shape: tuple[int, ...],
) -> dict[str, Any]:
    runtime = runtime_of(sampler)
    package = "onnxruntime" if runtime.backend == "onnxruntime" else "torch"
    return {
        "format": "gansdk.manifest",
        "version": 1,
        "model": {
            "name": sampler.spec.name,
            "sha256": file_sha256(sampler),
        },
        "seed": made.seed,
        "start": made.start,
        "n": n,
        "labels": labels,
        "truncation": made.truncation,
        "rounding": sampler.rounding,
        "image": {"format": "png", "shape": list(shape)},
        "metadata": METADATA,
        "latent_contract": CONTRACT,
        "device": sampler.device,
        "versions": {"gansdk": metadata.version("gansdk"), package: runtime.version},
    }


def _shape(sampler: Sampler, values: npt.NDArray[Any]) -> tuple[int, ...]:
    """Return height, width and channels."""
    if sampler.spec.output.layout == "NHWC":
        return values.shape[1:]
    _, channels, height, width = values.shape
    return height, width, channels
