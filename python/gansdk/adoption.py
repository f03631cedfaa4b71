"""adopt(): a copy of a foreign ONNX file that says itself what it takes and gives.

For a person at a terminal `gansdk adopt` guesses the spec, shows the guess and asks; here the spec
is given.
"""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path, PurePosixPath

import numpy as np

from .backends import Backend, open_backend, spec_of
from .backends.inference.probing import impurity, run_on
from .errors import GansdkError, ModelError, NonFiniteError, OutputError, SpecError
from .golden import GOLDEN_COUNT, golden_of
from .models import locate
from .models.onnx_file import external_files, write_metadata
from .models.onnx_float32 import write_float32
from .provenance import digest_of
from .spec import DISCRIMINATOR_METADATA_KEY, METADATA_KEY, GeneratorSpec, Golden


def adopt(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    spec: GeneratorSpec,
    float32: bool = False,
    force: bool = False,
) -> GeneratorSpec:
    """Write a copy of an ONNX file with a spec inside, after proving that it samples.

    The copy is opened and run before it is kept: its images must be the same each time and in any
    batch. Output shape, golden values and provenance are filled in. Weights in files beside the
    model are copied beside the copy.

    Parameters
    ----------
    model : str or path
        The ONNX file.
    out : str or path
        The copy. It may not be the file itself.
    spec : GeneratorSpec
        What it takes and gives.
    float32 : bool
        Whether the copy's float16 and bfloat16 become float32, for devices that lack them.
    force : bool
        Whether to replace `out`, and a spec that the file carries.

    Returns
    -------
    GeneratorSpec
        The spec in the copy.

    Raises
    ------
    ModelError
        The file is no ONNX generator, carries a spec already, or its images are no function of what
        goes in.
    SpecError
        The spec contradicts the file.
    OutputError
        `out` is in the way or cannot be written.
    """
    original, out = locate(model)[0], Path(out)
    with _staged(out) as stage, ExitStack() as stack:
        source = original
        if float32:
            source = stack.enter_context(_float32_copy(original, stage))
        backend = open_backend(source)
        backend.path = original  # what messages name, also where a float32 copy of it is run
        check_foreign(backend, force=force)
        weights = _checked_weights(source)
        _check_target(original, out, weights, force=force)
        adopted = {
            "gansdk": metadata.version("gansdk"),
            "file": original.name,
            "sha256": digest_of(original),
            **({"float32": True} if float32 else {}),
        }
        spec = replace(spec, golden=None, discriminator=None)
        spec = replace(spec, provenance={**spec.provenance, "adopted": adopted})
        spec = _proven(backend, spec_of(backend, spec))
        stack.enter_context(_new_weights(out, weights))
        with stage.open("wb") as file:
            write_metadata(source, file, METADATA_KEY, spec.to_json())
        _copy_weights(source.parent, out.parent, weights)
        # The copy itself, as anybody will open it.
        copy = open_backend(stage)
        before, after = (run_on(b, spec_of(b, s), 2)[0] for b, s in ((backend, spec), (copy, None)))
        if not np.array_equal(before, after):
            raise ModelError(f"the copy of {original} gives other images than it")
        stage.replace(out)
    return spec


def check_foreign(backend: Backend, *, force: bool = False) -> None:
    """Raise `ModelError` where a file is none to adopt: no ONNX, or told what it is already."""
    path = backend.path
    if locate(path)[1] != "onnx":
        raise ModelError(f"{path} is no ONNX file: only those are adopted")
    if DISCRIMINATOR_METADATA_KEY in backend.metadata:
        raise ModelError(f"{path} is a discriminator: only generators are adopted")
    if METADATA_KEY in backend.metadata and not force:
        raise ModelError(
            f"{path} carries a {METADATA_KEY} document already: sample from it, or use --force "
            "(force=True) to replace the document in the copy"
        )


def _proven(backend: Backend, spec: GeneratorSpec) -> GeneratorSpec:
    """Return the spec with what running the file fills in; an error where it cannot be sampled."""
    impure = impurity(backend, spec)
    if impure is not None:
        raise ModelError(f"{backend.path}: {impure}")
    values = run_on(backend, spec, 2)[0]
    if not np.isfinite(values).all():
        raise NonFiniteError(f"{backend.path} gives NaN or infinity: it cannot be sampled")
    shape: tuple[int | None, ...] = values.shape[1:]
    output = spec.output
    if output.kind == "image":
        if len(shape) != 3 or shape[0 if output.layout == "NCHW" else 2] not in (1, 3, 4):
            raise SpecError(
                f"{backend.path} gives outputs of shape {list(shape)}, which in the layout "
                f"{output.layout} are no images of 1, 3 or 4 channels"
            )
        if spec.image is not None and spec.image.size is None:
            shape = (shape[0], None, None) if output.layout == "NCHW" else (None, None, shape[2])
    if output.shape is not None and output.shape != shape:
        raise SpecError(
            f"{backend.path} gives outputs of shape {list(shape)}, but its spec says "
            f"{list(output.shape)}"
        )
    spec = replace(spec, output=replace(output, shape=shape or None))
    return replace(spec, golden=_golden(backend, spec) if spec.image is None else None)


def _golden(backend: Backend, spec: GeneratorSpec) -> Golden:
    values = run_on(backend, spec, GOLDEN_COUNT, labels="balanced")[0]
    if not np.isfinite(values).all():
        raise NonFiniteError(f"{backend.path} gives NaN or infinity: it cannot be sampled")
    return golden_of(values, spec.output)


def _checked_weights(path: Path) -> tuple[str, ...]:
    weights = external_files(path)
    for name in weights:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts:
            raise ModelError(
                f"{path} keeps weights in {name}, outside its folder: put them beside it first"
            )
    return weights


def _check_target(source: Path, out: Path, weights: tuple[str, ...], *, force: bool) -> None:
    if out.exists():
        if not out.is_file():
            raise OutputError(f"{out} exists and is no file: choose another name")
        if out.samefile(source):
            raise OutputError(f"{out} is the file itself: adopt writes a copy, choose another name")
        if not force:
            raise OutputError(f"{out} exists: use --force (force=True) to replace it")
    for name in weights:
        target = out.parent / name
        if target.exists() and not filecmp.cmp(source.parent / name, target, shallow=False):
            raise OutputError(
                f"{target} exists and holds other weights: write the copy into another folder"
            )


def _copy_weights(source: Path, folder: Path, weights: tuple[str, ...]) -> None:
    for name in weights:
        target = folder / name
        if target.exists():
            continue  # the same, by _check_target
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        try:
            shutil.copyfile(source / name, stage)
            stage.replace(target)
        finally:
            stage.unlink(missing_ok=True)


@contextmanager
def _staged(out: Path) -> Iterator[Path]:
    """Yield a name beside `out`, for the copy until it is whole; it is gone in the end."""
    # In the same folder, where the weights are found and a rename is atomic.
    stage = out.with_name(f".{out.name}.{secrets.token_hex(6)}")
    try:
        yield stage
    except OSError as error:
        if isinstance(error, GansdkError):
            raise
        raise OutputError(f"cannot write {out}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            stage.unlink()


@contextmanager
def _float32_copy(original: Path, stage: Path) -> Iterator[Path]:
    path = stage.with_name(f"{stage.name}.float32")
    try:
        with path.open("wb") as file:
            write_float32(original, file)
        yield path
    finally:
        with suppress(OSError):
            path.unlink()


@contextmanager
def _new_weights(out: Path, weights: tuple[str, ...]) -> Iterator[None]:
    """Take the weights that were copied away again where the copy is not kept."""
    new = [out.parent / name for name in weights if not (out.parent / name).exists()]
    try:
        yield
    except BaseException:
        for path in new:
            with suppress(OSError):
                path.unlink()
        raise
