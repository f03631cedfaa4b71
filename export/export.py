"""export(): one call from an nn.Module to a folder of files that anybody can sample from."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from torch import Tensor, nn

from gansdk.arguments import integer
from gansdk.errors import InvalidArgumentError
from gansdk.models.locate import DISCRIMINATOR_FILES, GENERATOR_FILES, Format
from gansdk.spec import METADATA_KEY, GeneratorSpec
from gansdk.staging import staged_folder

from .describe import described
from .discriminator import export_discriminator
from .example import (
    BATCHES,
    OTHER_SIZE,
    cases,
    check_scale,
    free_axes,
    generator_inputs,
    infer_spec,
    with_output_shape,
)
from .files import CheckedFiles
from .network import Call, generator_network
from .parity import check_pure, eager_cases
from .report import Difference, ExportReport
from .rewrites.batch_statistics import check_statistics
from .rewriting import rewritten_program
from .to_onnx import OPSETS

REPORT_FILE = "report.json"
_FILES = [*GENERATOR_FILES.values(), *DISCRIMINATOR_FILES.values(), REPORT_FILE]
_OURS = "|".join(_FILES).replace(".", r"\.")


def export(
    generator: nn.Module,
    out: str | os.PathLike[str],
    *,
    spec: GeneratorSpec | None = None,
    example_inputs: Mapping[str, Tensor] | None = None,
    formats: Sequence[str] = ("onnx", "torchscript", "pt2"),
    discriminator: nn.Module | None = None,
    arguments: Mapping[str, Any] | None = None,
    call: Call | None = None,
    statistics: Literal["running", "instance"] = "running",
    opset: int = 20,
    force: bool = False,
) -> ExportReport:
    """Export a generator, in eval mode, to files that carry their own description.

    The module is captured once with a free batch, rewritten where PyTorch's exporters fall short
    (docs/export.md), and written in each format. Every file is compared with eager PyTorch at batch
    1, 3 and 16 and on extreme latents before anything is kept: within 1e-4 of the value range, and
    at most 1 in 10,000 8-bit levels moved. What the module draws at random becomes noise inputs. A
    generator whose image depends on the batch around it is refused.

    Parameters
    ----------
    generator : nn.Module
        Called as generator(image, z, label), with those of them that the spec has. It is copied (to
        the CPU, to float32), not changed.
    out : str or path
        The folder to write: generator.onnx, generator.ts, generator.pt2, the same for a
        discriminator, report.json. It is written whole or not at all.
    spec : GeneratorSpec, optional
        What the generator takes and gives. Its output shape, noise inputs, golden values,
        discriminator and provenance are filled in. With `truncation`, psi becomes an input of the
        files: forward() takes it as a number named truncation_psi, truncation or psi.
    example_inputs : mapping of str to Tensor, optional
        Named inputs with a batch axis, from which a missing spec is inferred; enough for an
        unconditional generator.
    formats : sequence of "onnx", "torchscript" and "pt2"
        What to write. PyTorch has deprecated TorchScript; "pt2" (torch.export) is its successor.
    discriminator : nn.Module, optional
        Called as discriminator(image) or discriminator(image, label), one logit an image; written
        beside the generator.
    arguments : mapping of str, optional
        Constant keywords that the generator is called with, for instance
        {"noise_mode": "const"}.
    call : callable, optional
        How the generator is called, where that is not enough:
        call=lambda generator, z: generator([z])[0]. With truncation it takes psi as well, last.
    statistics : "running" or "instance"
        What batch norms normalise by: the running statistics of training, or each image's own, as
        training mode does at batch size 1 (pix2pix). "batch" is refused: a picture would depend on
        its neighbours.
    opset : int
        Of ONNX: 18 ... 23.
    force : bool
        Whether to replace a model that `out` holds already.

    Returns
    -------
    ExportReport
        How far each file is from PyTorch; print it for a table.

    Raises
    ------
    ExportError
        A network cannot be exported, or a file is not equal to it. Nothing is written.
    InvalidArgumentError
        Neither spec nor example_inputs, or an argument that is none of its choices.
    OutputError
        `out` is in the way or cannot be written.
    """
    start = time.perf_counter()
    forms = _checked(generator, formats, discriminator, statistics, opset)
    if spec is None:
        if example_inputs is None:
            raise InvalidArgumentError(
                "export() needs spec=GeneratorSpec(latent=Latent(...)), "
                "or example_inputs={'z': tensor} to infer it from"
            )
        spec = infer_spec(example_inputs)
    if spec.noise:
        raise InvalidArgumentError(
            "leave noise out of the spec: export() finds what the generator draws at random"
        )
    network = generator_network(generator, spec, arguments, call, statistics)
    with staged_folder(out, what="a model", ours=_OURS, force=force) as stage:
        inputs = generator_inputs(spec, max(BATCHES))
        spec = with_output_shape(spec, network.eager(inputs), max(BATCHES))
        free = free_axes(spec, inputs)
        program, drawn = rewritten_program(network, inputs, free, statistics)
        spec = replace(spec, noise=drawn.inputs)
        network = replace(network, drawn=drawn)
        compared = eager_cases(network, cases(spec))
        check_pure(network, compared, spec.output)
        for case in compared:
            if case.name == OTHER_SIZE:
                check_scale(spec, case.expected.shape)
        inputs = generator_inputs(spec, max(BATCHES))
        free = free_axes(spec, inputs)
        files = CheckedFiles(network, compared, program, inputs, free, spec.output, opset)
        judged: list[Difference] = []
        if discriminator is not None:
            judged, link = export_discriminator(
                discriminator, spec, compared, forms, opset, statistics, stage
            )
            spec = replace(spec, discriminator=link)
        spec = described(spec, network, files, forms, opset, stage)
        document = {METADATA_KEY: spec.to_json()}
        differences = [files.write(form, stage / GENERATOR_FILES[form], document) for form in forms]
        report = ExportReport(
            name=spec.name,
            folder=str(out),
            seconds=time.perf_counter() - start,
            differences=[*differences, *judged],
        )
        (stage / REPORT_FILE).write_text(report.to_json())
    return report


def _checked(
    generator: nn.Module,
    formats: Sequence[str],
    discriminator: nn.Module | None,
    statistics: str,
    opset: int,
) -> tuple[Format, ...]:
    for name, module in (("generator", generator), ("discriminator", discriminator)):
        if module is not None and not isinstance(module, nn.Module):
            raise InvalidArgumentError(
                f"{name} must be a torch.nn.Module; got {type(module).__name__}"
            )
    known = tuple(GENERATOR_FILES)
    if isinstance(formats, str) or not formats or not set(formats) <= set(known):
        raise InvalidArgumentError(f"formats must be some of {known}; got {formats!r}")
    check_statistics(statistics)
    integer(opset, "opset", least=OPSETS[0], most=OPSETS[-1])
    return tuple(dict.fromkeys(cast("Sequence[Format]", formats)))
