"""The discriminator beside a generator: from an image, and its label, to one logit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from gansdk.errors import ExportError
from gansdk.models.locate import DISCRIMINATOR_FILES, Format
from gansdk.spec import DISCRIMINATOR_METADATA_KEY, Discriminator, GeneratorSpec

from .example import BATCHES, Inputs, free_batch, generator_inputs
from .files import CheckedFiles
from .network import Network, frozen
from .parity import Case, check_pure, eager_cases
from .report import Difference
from .rewriting import rewritten_program

IMAGE, LOGIT = "image", "logit"


def export_discriminator(
    module: nn.Module,
    spec: GeneratorSpec,
    cases: Sequence[Case],
    forms: Sequence[Format],
    opset: int,
    statistics: str,
    stage: Path,
) -> tuple[list[Difference], Discriminator]:
    """Write a discriminator in the formats of its generator; `cases` hold the images it judges.

    Raises
    ------
    ExportError
        It does not give one logit an image, of that image alone, or cannot be exported.
    """
    pictures = {f"batch {n}": next(c for c in cases if c.name == f"batch {n}") for n in BATCHES}

    def inputs_of(name: str) -> Inputs:
        expected = torch.from_numpy(pictures[name].expected)
        inputs = {IMAGE: expected}
        if spec.label is not None:
            labels = generator_inputs(spec, len(expected))
            inputs[spec.label.input] = labels[spec.label.input]
        return inputs

    def named() -> Iterator[tuple[str, Inputs]]:
        return ((name, inputs_of(name)) for name in pictures)

    example = inputs_of(f"batch {max(BATCHES)}")
    network = Network(
        module=frozen(module),
        call=_one_logit,
        what="discriminator",
        inputs=tuple(example),
        instance=statistics == "instance",
    )
    network.eager(example)
    # Before it is captured: what groups a batch, such as the minibatch standard deviation, is told
    # as that.
    compared = eager_cases(network, named())
    check_pure(network, compared, None)
    free = free_batch(example)
    program, drawn = rewritten_program(network, example, free, statistics)
    if drawn.inputs:
        raise ExportError(
            "the discriminator draws random numbers in eval mode: its logit must be a function of "
            "the image"
        )
    files = CheckedFiles(network, compared, program, example, free, LOGIT, opset)
    document = {"generator": spec.name, "inputs": list(example), "output": LOGIT}
    metadata = {DISCRIMINATOR_METADATA_KEY: json.dumps(document)}
    differences = [files.write(form, stage / DISCRIMINATOR_FILES[form], metadata) for form in forms]
    name = DISCRIMINATOR_FILES[forms[0]]
    digest = hashlib.sha256((stage / name).read_bytes()).hexdigest()
    return differences, Discriminator(name, digest)


def _one_logit(module: nn.Module, image: Tensor, *label: Tensor) -> Tensor:
    logits = module(image, *label)
    count = image.shape[0]
    if not isinstance(logits, Tensor):
        found = type(logits).__name__
    else:
        # (batch, 1) and (batch, 1, 1, 1) hold one logit an image too.
        if logits.ndim > 1 and all(size == 1 for size in logits.shape[1:]):
            logits = logits.flatten(1).squeeze(1)
        if logits.ndim == 1 or count == 1:
            return logits  # a squeeze() that drops a batch of 1 is told of as that
        found = str(tuple(logits.shape))
    raise ExportError(
        f"the discriminator must give one logit an image, shape ({count},); got {found}: "
        "average a map of logits in a wrapper"
    )
