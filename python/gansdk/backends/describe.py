"""What a loaded file is: its spec, held against the network that it describes."""

from __future__ import annotations

from ..errors import ModelError, SpecError
from ..spec import DISCRIMINATOR_METADATA_KEY, METADATA_KEY, GeneratorSpec
from .backend import Backend
from .beside import json_beside
from .inference import completed, infer
from .micro_batches import fixed_batch
from .ort import OrtBackend

Shape = tuple[int | None, ...]


def spec_of(backend: Backend, given: GeneratorSpec | None = None) -> GeneratorSpec:
    """Return what a file is: the spec given, the one that it carries, or the JSON beside it.

    It is checked against the file's inputs.

    Raises
    ------
    ModelError
        The file is a discriminator, or carries no spec and none was given.
    SpecError
        The spec is malformed, or contradicts the network's inputs.
    """
    text = backend.metadata.get(METADATA_KEY)
    if given is not None:
        spec = given
    elif DISCRIMINATOR_METADATA_KEY in backend.metadata:
        raise ModelError(
            f"{backend.path} is a discriminator, not a generator: name the generator's file"
        )
    elif text is not None:
        try:
            spec = GeneratorSpec.from_json(text)
        except SpecError as error:
            raise SpecError(f"{backend.path}: {error}") from None
    else:
        spec = _spec_of_foreign(backend)
    if backend.inputs is not None:
        _check_inputs(backend, spec)
    if isinstance(backend, OrtBackend):
        backend.choose_output(spec.output.output)
    return spec


def is_foreign(backend: Backend) -> bool:
    """Whether a file carries no `gansdk.spec` and no JSON beside it says what it is."""
    own = {METADATA_KEY, DISCRIMINATOR_METADATA_KEY} & set(backend.metadata)
    return not own and json_beside(backend.path) is None


def batch_of(backend: Backend, spec: GeneratorSpec) -> int | None:
    """Return the number of images that every run of the file must have; None where it is free."""
    if backend.inputs is None:
        return None
    ranks = {name: len(shape) + 1 for name, shape in _shapes(spec).items()}
    return fixed_batch(backend.inputs, ranks)


def _spec_of_foreign(backend: Backend) -> GeneratorSpec:
    beside = json_beside(backend.path)
    if beside is not None:
        path, document = beside
        try:
            if "format" in document or backend.inputs is None:
                # A format that does not declare its inputs leaves nothing to lay fields over.
                return GeneratorSpec.from_dict(document)
            return completed(infer(backend, probe=False), document)
        except SpecError as error:
            raise SpecError(f"{path}: {error}") from None
    if backend.inputs is None:
        takes, ways = "", ""
    else:
        shapes = ", ".join(f"{x.name} {list(x.shape)}" for x in backend.inputs)
        takes = f" (it takes {shapes}; {infer(backend, probe=False).summary})"
        ways = (
            f"`gansdk info {backend.path}` shows a guess, `gansdk adopt {backend.path}` writes it "
            "into a copy; "
        )
    raise ModelError(
        f"{backend.path} carries no {METADATA_KEY} document, so it is not known to be a "
        f"generator{takes}: {ways}export it with gansdk.export, or say what it is: "
        "Sampler(..., spec=GeneratorSpec(latent=Latent(size)))"
    )


def _shapes(spec: GeneratorSpec) -> dict[str, Shape]:
    """Return the shape of what one image gives each input."""
    shapes: dict[str, Shape] = {}
    if spec.image is not None:
        height, width = spec.image.size or (None, None)
        channels = spec.image.channels
        shapes[spec.image.input] = (
            (channels, height, width) if spec.image.layout == "NCHW" else (height, width, channels)
        )
    if spec.latent is not None:
        shapes[spec.latent.input] = spec.latent.shape or (spec.latent.size,)
    if spec.label is not None:
        one_hot = spec.label.encoding == "one_hot"
        shapes[spec.label.input] = (spec.label.classes,) if one_hot else ()
    shapes |= {noise.input: noise.shape for noise in spec.noise}
    if spec.truncation is not None:
        shapes[spec.truncation.input] = ()
    return shapes


def _check_inputs(backend: Backend, spec: GeneratorSpec) -> None:
    wanted = _shapes(spec)
    found = {x.name: x.shape for x in backend.inputs or ()}
    if set(found) != set(wanted):
        raise SpecError(
            f"{backend.path} takes the inputs {sorted(found)}, but its spec names {sorted(wanted)}"
        )
    for name, shape in wanted.items():
        if not _takes(found[name], shape):
            raise SpecError(
                f"{backend.path} takes {name} of shape {list(found[name])}, "
                f"but its spec says {['batch', *shape]}"
            )
    try:
        batch_of(backend, spec)
    except ModelError as error:
        raise SpecError(f"{backend.path}: {error}") from None


def _takes(actual: Shape, shape: Shape) -> bool:
    """Whether an input takes this shape with a batch axis, or without one for one image."""
    if not shape:  # a number an image: (), (1,), (batch,) or (batch, 1)
        return len(actual) < 2 or (len(actual) == 2 and actual[1] in (1, None))
    if len(actual) == len(shape):
        return actual == shape
    return len(actual) == len(shape) + 1 and all(
        a is None or a == w for a, w in zip(actual[1:], shape, strict=True)
    )
