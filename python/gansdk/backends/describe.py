"""What a loaded file is: its spec, held against the network that it describes."""

from __future__ import annotations

from ..errors import ModelError, SpecError
from ..spec import DISCRIMINATOR_METADATA_KEY, METADATA_KEY, GeneratorSpec
from .backend import Backend


def spec_of(backend: Backend, given: GeneratorSpec | None = None) -> GeneratorSpec:
    """Return the spec that the file carries, or the one given instead, checked against its inputs.

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
    elif text is None:
        takes = ", ".join(f"{x.name} {list(x.shape)}" for x in backend.inputs or ())
        raise ModelError(
            f"{backend.path} carries no {METADATA_KEY} document, so it is not known to be a "
            f"generator{f' (it takes {takes})' if takes else ''}: "
            "export it with gansdk.export, or say what it is: "
            "Sampler(..., spec=GeneratorSpec(latent=Latent(size)))"
        )
    else:
        try:
            spec = GeneratorSpec.from_json(text)
        except SpecError as error:
            raise SpecError(f"{backend.path}: {error}") from None
    if backend.inputs is not None:
        _check_inputs(backend, spec)
    return spec


def _check_inputs(backend: Backend, spec: GeneratorSpec) -> None:
    wanted: dict[str, tuple[int | None, ...]] = {}
    if spec.image is not None:
        height, width = spec.image.size or (None, None)
        channels = spec.image.channels
        wanted[spec.image.input] = (
            (channels, height, width) if spec.image.layout == "NCHW" else (height, width, channels)
        )
    if spec.latent is not None:
        wanted[spec.latent.input] = spec.latent.shape or (spec.latent.size,)
    if spec.label is not None:
        one_hot = spec.label.encoding == "one_hot"
        wanted[spec.label.input] = (spec.label.classes,) if one_hot else ()
    wanted |= {noise.input: noise.shape for noise in spec.noise}
    if spec.truncation is not None:
        wanted[spec.truncation.input] = ()
    found = {x.name: x.shape for x in backend.inputs or ()}
    if set(found) != set(wanted):
        raise SpecError(
            f"{backend.path} takes the inputs {sorted(found)}, but its spec names {sorted(wanted)}"
        )
    for name, shape in wanted.items():
        actual = found[name]
        matches = len(actual) == len(shape) + 1 and all(
            a is None or a == w for a, w in zip(actual[1:], shape, strict=True)
        )
        if not matches:
            raise SpecError(
                f"{backend.path} takes {name} of shape {list(actual)}, "
                f"but its spec says {['batch', *shape]}"
            )
