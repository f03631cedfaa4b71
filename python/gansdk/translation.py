"""Pictures through an image-conditioned generator: what `Sampler.translate` does.

A picture's result is a pure function of (model, seed, index, picture): pictures share a run of the
network only where their fitted sizes are equal, and each has the latents, noise, labels and
truncation of its own index.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import integer
from .errors import InvalidArgumentError, ModelError, OutOfMemoryError
from .images import from_uint8
from .images.fitting import fit, fitted_size, kept_size
from .images.given import Structure, as_pictures
from .images.pictures import Bytes
from .images.tiling import Mosaic, spans
from .network import Array, Network, OutputKind
from .selection import Labels, Selection
from .spec import GeneratorSpec, ImageInput

_OVERLAP = 32


def translate(
    network: Network,
    images: Any,
    *,
    seed: int,
    start: int,
    labels: Labels,
    truncation: float | None,
    output: OutputKind | None,
    batch_size: int | None,
    tile: int | None,
    overlap: int | None,
    on_tile: Callable[[float], None] | None,
) -> Array | list[Array]:
    """Return what `Sampler.translate` says."""
    spec = network.spec
    rule = spec.image
    if rule is None:
        raise InvalidArgumentError(f"{spec.name!r} starts from latents: use sample(n)")
    kind = network.output_kind(output)
    tiling = _checked_tiling(spec, rule, tile, overlap)
    if batch_size is not None:
        integer(batch_size, "batch_size", least=1)
    if on_tile is not None and tiling is None:
        raise InvalidArgumentError("on_tile is for tiles: give tile=, or leave it out")
    pictures, structure = as_pictures(images)
    selection = Selection.of_range(spec, len(pictures), seed, start, labels, truncation)
    names = ["images" if structure == "picture" else f"images[{i}]" for i in range(len(pictures))]
    sizes = [fitted_size(x, rule, name) for x, name in zip(pictures, names, strict=True)]
    work = _Translation(network, rule, kind, selection, pictures, names, batch_size)
    results = _Results(structure, len(pictures))
    if tiling is None:
        for members in _chunks(sizes, work.step):
            for i, values in zip(members, work.whole(members), strict=True):
                results.place(i, values)
    else:
        for i in range(len(pictures)):
            work.tiled(i, *tiling, results, on_tile)
    return results.all()


@dataclass(frozen=True)
class _Translation:
    network: Network
    rule: ImageInput
    kind: OutputKind
    selection: Selection
    pictures: Sequence[Bytes]
    names: Sequence[str]
    batch_size: int | None

    def step(self, size: tuple[int, int]) -> int:
        """Return how many pictures of a size one run takes."""
        channels = self.network.spec.output.channels or 3
        return self.network.batch_size(
            self.batch_size, (channels, size[0] * self.rule.scale, size[1] * self.rule.scale)
        )

    def whole(self, members: Sequence[int]) -> list[Array]:
        """Return the outputs of pictures of one fitted size."""
        batch = np.stack([fit(self.pictures[i], self.rule, self.names[i]) for i in members])
        values = self._run(batch, members, "use a smaller batch_size, or tile=512")
        kept = [kept_size(self.pictures[i], self.rule) for i in members]
        if self.network.spec.output.kind != "image" or kept[0] is None:
            return list(values)
        self._check_scale(values, batch)
        # Their channels last, to be cut, and back.
        return [
            self._as_given(self._channels_last(x)[: size[0], : size[1]])
            for x, size in zip(values, kept, strict=True)
            if size is not None
        ]

    def tiled(
        self,
        member: int,
        tile: int,
        overlap: int,
        results: _Results,
        on_tile: Callable[[float], None] | None,
    ) -> None:
        """Put the output of one picture in its place, tile by tile."""
        picture = fit(self.pictures[member], self.rule, self.names[member])
        rows, columns = (spans(length, tile, overlap) for length in picture.shape[:2])
        height, width = kept_size(self.pictures[member], self.rule) or (
            picture.shape[0] * self.rule.scale,
            picture.shape[1] * self.rule.scale,
        )
        places = [(row, column) for row in rows for column in columns]
        step = self.step((rows[0].stop, columns[0].stop))
        mosaic: Mosaic | None = None
        for done in range(0, len(places), step):
            batch = np.stack(
                [picture[r.start : r.stop, c.start : c.stop] for r, c in places[done : done + step]]
            )
            values = self._run(
                batch, [member] * len(batch), "use a smaller tile, or a smaller batch_size"
            )
            self._check_scale(values, batch)
            tiles = self._channels_last(values)
            if mosaic is None:
                whole = np.broadcast_to(values.dtype.type(0), (height, width, tiles.shape[-1]))
                out = results.slot(member, self._as_given(whole).shape, values.dtype)
                mosaic = Mosaic(self._channels_last(out), rows, columns, self.rule.scale)
            for k, pixels in enumerate(tiles):
                difference = mosaic.place(done + k, pixels)
                if on_tile is not None:
                    on_tile(difference)

    def _run(self, batch: Bytes, members: Sequence[int], mend: str) -> Array:
        inputs = {self.rule.input: from_uint8(batch, **self.rule.conversion)}
        inputs |= _rows(self.selection, members, self.network.threads)
        try:
            values = self.network.run(inputs, len(batch))
        except OutOfMemoryError:
            if self.rule.size is not None:
                raise
            raise OutOfMemoryError(
                f"a batch of {len(batch)} pictures of {batch.shape[1]} x {batch.shape[2]} does not "
                f"fit into memory: {mend}"
            ) from None
        if self.kind == "float":
            return values
        return self.network.levels(values, members, lambda i: f"the output for {self.names[i]}")

    @property
    def _planar(self) -> bool:
        return self.kind == "float" and self.network.spec.output.layout == "NCHW"

    def _channels_last(self, values: Array) -> Array:
        return np.moveaxis(values, -3, -1) if self._planar else values

    def _as_given(self, values: Array) -> Array:
        return np.moveaxis(values, -1, -3) if self._planar else values

    def _check_scale(self, values: Array, batch: Bytes) -> None:
        """Raise unless the output has `scale` pixels for each of the picture, as its cut needs."""
        wanted = tuple(size * self.rule.scale for size in batch.shape[1:3])
        found = self._channels_last(values).shape[1:3] if values.ndim == 4 else values.shape[1:]
        if found != wanted:
            raise ModelError(
                f"{self.network.backend.path} gives outputs of {' x '.join(map(str, found))} for "
                f"pictures of {batch.shape[1]} x {batch.shape[2]}, but its spec says "
                f"image.scale = {self.rule.scale}: mend the spec; where sizes are unrelated, "
                "fit='resize' or 'crop' cuts nothing"
            )


class _Results:
    """The outputs in the structure in which the pictures were given."""

    def __init__(self, structure: Structure, count: int) -> None:
        self._structure, self._count = structure, count
        self._batch: Array | None = None
        self._list: list[Any] = [None] * count

    def slot(self, i: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """Return where to write the i-th."""
        if self._structure != "batch":
            self._list[i] = _empty(shape, dtype)
            return self._list[i]  # type: ignore[no-any-return]
        if self._batch is None:
            self._batch = _empty((self._count, *shape), dtype)
        return self._batch[i]  # type: ignore[no-any-return]

    def place(self, i: int, values: Array) -> None:
        self.slot(i, values.shape, values.dtype)[...] = values

    def all(self) -> Array | list[Array]:
        if self._batch is not None:
            return self._batch
        return self._list if self._structure == "list" else self._list[0]


def _checked_tiling(
    spec: GeneratorSpec, rule: ImageInput, tile: int | None, overlap: int | None
) -> tuple[int, int] | None:
    if tile is None:
        if overlap is not None:
            raise InvalidArgumentError("overlap is for tiles: give tile=, or leave it out")
        return None
    if rule.size is not None:
        raise InvalidArgumentError(
            f"{spec.name!r} takes pictures of {rule.size[0]} x {rule.size[1]} alone; tile is for "
            "models that take any size: leave it out"
        )
    if spec.output.kind != "image":
        raise InvalidArgumentError(f"{spec.name!r} gives arrays, which no tiles make: leave it out")
    if spec.noise:
        raise InvalidArgumentError(
            f"{spec.name!r} has noise inputs, which every tile would repeat: leave tile out"
        )
    unit = rule.multiple
    tile = integer(tile, "tile", least=1)
    default = " (the default)" if overlap is None else ""
    overlap = (
        -(-_OVERLAP // unit) * unit if overlap is None else integer(overlap, "overlap", least=2)
    )
    for value, name in ((tile, "tile"), (overlap, "overlap")):
        if value % unit:
            raise InvalidArgumentError(f"{name} must be a multiple of {unit} here; got {value}")
    if overlap >= tile:
        raise InvalidArgumentError(
            f"overlap must be smaller than tile; got overlap={overlap}{default} and tile={tile}"
        )
    return tile, overlap


def _chunks(
    sizes: Sequence[tuple[int, int]], step: Callable[[tuple[int, int]], int]
) -> Iterator[list[int]]:
    """Yield positions of pictures that one run takes: of one size, at most `step` of it."""
    groups: dict[tuple[int, int], list[int]] = {}
    for i, size in enumerate(sizes):
        groups.setdefault(size, []).append(i)
    for size, members in groups.items():
        count = step(size)
        for done in range(0, len(members), count):
            yield members[done : done + count]


def _rows(selection: Selection, members: Sequence[int], threads: int | None) -> dict[str, Array]:
    """Return the inputs of images anywhere in a selection; each is a function of its index."""
    first, count = members[0], len(members)
    if list(members) == list(range(first, first + count)):
        return selection.inputs(first, count, threads)
    rows = {i: selection.inputs(i, 1, threads) for i in dict.fromkeys(members)}
    return {name: np.concatenate([rows[i][name] for i in members]) for name in rows[first]}


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError):
        size = math.prod(shape) * dtype.itemsize
        raise OutOfMemoryError(
            f"the result needs {size / 2**30:.3g} GiB at once: translate fewer pictures in a call"
        ) from None
