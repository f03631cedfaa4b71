"""export(): one call from an nn.Module to a folder of files that anybody can sample from."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from gansdk import images
from gansdk.backends import open_backend
from gansdk.errors import ExportError, InvalidArgumentError
from gansdk.models.locate import DISCRIMINATOR_FILE, GENERATOR_FILES
from gansdk.spec import (
    DISCRIMINATOR_METADATA_KEY,
    METADATA_KEY,
    Discriminator,
    GeneratorSpec,
    Golden,
)
from gansdk.staging import staged_folder

from .example import (
    Inputs,
    generator_inputs,
    infer_spec,
    run_module,
    with_output_shape,
)
from .parity import BATCHES, RELATIVE_TOLERANCE, compare, run_file
from .report import Difference, ExportReport
from .to_onnx import OPSET, save_onnx, to_onnx
from .to_torchscript import to_torchscript

REPORT_FILE = "report.json"
_OURS = "|".join([*GENERATOR_FILES.values(), DISCRIMINATOR_FILE, REPORT_FILE]).replace(".", r"\.")
_GOLDEN_COUNT = 10


def export(
    generator: nn.Module,
    out: str | os.PathLike[str],
    *,
    spec: GeneratorSpec | None = None,
    example_inputs: Mapping[str, Tensor] | None = None,
    formats: Sequence[str] = ("onnx", "torchscript"),
    discriminator: nn.Module | None = None,
    force: bool = False,
) -> ExportReport:
    """Export a generator, in eval mode, to files that carry their own description.

    Every file is compared with eager PyTorch at batch 1, 3 and 16 before anything is kept: within
    1e-4 of the value range, and at most 1 in 10,000 8-bit levels moved. A generator whose image
    depends on the batch around it, or on random numbers of its own, is refused.

    Parameters
    ----------
    generator : nn.Module
        Called as generator(z), or generator(z, label) where the spec has a label. It is copied
        (to the CPU, to float32, parametrizations folded into their weights), not changed.
    out : str or path
        The folder to write: generator.onnx, generator.ts, discriminator.onnx, report.json. It is
        written whole or not at all.
    spec : GeneratorSpec, optional
        What the generator takes and gives. Its output shape, golden values, discriminator and
        provenance are filled in.
    example_inputs : mapping of str to Tensor, optional
        Named inputs with a batch axis, from which a missing spec is inferred; enough for an
        unconditional generator.
    formats : sequence of "onnx" and "torchscript"
        What to write.
    discriminator : nn.Module, optional
        Called as discriminator(image) or discriminator(image, label); written beside the generator.
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
        Neither spec nor example_inputs, or an unknown format.
    OutputError
        `out` is in the way or cannot be written.
    """
    _check_arguments(generator, formats, discriminator)
    formats = tuple(dict.fromkeys(formats))
    if spec is None:
        if example_inputs is None:
            raise InvalidArgumentError(
                "export() needs spec=GeneratorSpec(latent=Latent(...)), "
                "or example_inputs={'z': tensor} to infer it from"
            )
        spec = infer_spec(example_inputs)
    generator = _frozen(generator)
    with staged_folder(out, what="a model", ours=_OURS, force=force) as stage:
        inputs = generator_inputs(spec, max(BATCHES))
        eager = run_module(generator, inputs)
        spec = with_output_shape(spec, eager, max(BATCHES))
        _check_pure(generator, inputs, eager)
        judged: list[Difference] = []
        if discriminator is not None:
            difference, link = _export_discriminator(_frozen(discriminator), spec, eager, stage)
            spec = replace(spec, discriminator=link)
            judged.append(difference)
        reference = partial(_eager, generator)
        if "onnx" in formats:
            model = to_onnx(generator, inputs, spec.output.output)
            # Without a spec at first: the golden values in the spec are this file's own.
            save_onnx(model, stage / GENERATOR_FILES["onnx"], {})
            reference = partial(run_file, open_backend(stage / GENERATOR_FILES["onnx"]))
        spec = replace(
            spec,
            golden=_golden(reference, spec),
            provenance={**spec.provenance, **_provenance(generator)},
        )
        document = {METADATA_KEY: spec.to_json()}
        differences: list[Difference] = []
        for name in formats:
            path = stage / GENERATOR_FILES[name]  # type: ignore[index]
            if name == "onnx":
                save_onnx(model, path, document)
            else:
                to_torchscript(generator, inputs, path, document)
            differences.append(
                compare("generator", generator, path, partial(generator_inputs, spec), spec.output)
            )
        report = ExportReport(name=spec.name, folder=str(out), differences=[*differences, *judged])
        (stage / REPORT_FILE).write_text(report.to_json())
    return report


def _check_arguments(
    generator: nn.Module, formats: Sequence[str], discriminator: nn.Module | None
) -> None:
    for name, module in (("generator", generator), ("discriminator", discriminator)):
        if module is not None and not isinstance(module, nn.Module):
            raise InvalidArgumentError(
                f"{name} must be a torch.nn.Module; got {type(module).__name__}"
            )
    known = tuple(GENERATOR_FILES)
    if isinstance(formats, str) or not formats or not set(formats) <= set(known):
        raise InvalidArgumentError(f"formats must be some of {known}; got {formats!r}")


def _frozen(module: nn.Module) -> nn.Module:
    # A copy: the caller's module keeps its mode, device and gradients.
    if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        module = module.module
    try:
        module = copy.deepcopy(module, _detached(module))
    except Exception as error:  # a module may hold anything
        raise ExportError(f"the module cannot be copied: {error}") from error
    module = module.eval().requires_grad_(False).cpu().float()
    for part in [m for m in module.modules() if parametrize.is_parametrized(m)]:
        # Spectral and weight norm are constants by now; the file should hold their result. The
        # class goes first: the copy shares it with the caller's module, and folding changes it.
        shared = type(part)
        part.__class__ = type(shared.__name__, shared.__bases__, dict(vars(shared)))
        for name in list(part.parametrizations):  # type: ignore[arg-type]
            parametrize.remove_parametrizations(part, name, leave_parametrized=True)
    # channels_last weights would reach the file as transposes.
    contiguous: nn.Module = module.to(  # type: ignore[call-overload]
        memory_format=torch.contiguous_format
    )
    return contiguous


def _detached(module: nn.Module) -> dict[int, Tensor]:
    # deepcopy's memo: it refuses tensors with a gradient history, such as the weight that the hook
    # of a legacy torch.nn.utils.spectral_norm or weight_norm leaves after a forward pass.
    values = [v for m in module.modules() for v in vars(m).values() if isinstance(v, Tensor)]
    return {id(v): v.detach().clone() for v in values if not v.is_leaf}


def _check_pure(module: nn.Module, inputs: Inputs, output: Tensor) -> None:
    if not torch.isfinite(output).all():
        raise ExportError("the generator gives NaN or infinity: was it trained to the end?")
    if not torch.allclose(output, run_module(module, inputs), rtol=1e-3, atol=1e-4):
        raise ExportError(
            "the generator gives another output each time for the same inputs: it draws random "
            "numbers itself, as noise layers do; make them constant, or weigh them 0"
        )


def _export_discriminator(
    module: nn.Module, spec: GeneratorSpec, pictures: Tensor, stage: Path
) -> tuple[Difference, Discriminator]:
    def inputs_of(count: int) -> Inputs:
        inputs = {"image": pictures[:count].clone()}
        if spec.label is not None:
            inputs[spec.label.input] = generator_inputs(spec, count)[spec.label.input]
        return inputs

    path = stage / DISCRIMINATOR_FILE
    logits = run_module(module, inputs_of(len(pictures)))
    if not isinstance(logits, Tensor) or logits.shape != (len(pictures),):
        raise ExportError(
            f"the discriminator must give one logit an image, shape ({len(pictures)},); "
            f"got {tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__}"
        )
    document = {"generator": spec.name, "inputs": list(inputs_of(1)), "output": "logit"}
    model = to_onnx(module, inputs_of(len(pictures)), "logit")
    save_onnx(model, path, {DISCRIMINATOR_METADATA_KEY: json.dumps(document)})
    difference = compare("discriminator", module, path, inputs_of, None)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return difference, Discriminator(DISCRIMINATOR_FILE, digest)


def _eager(module: nn.Module, inputs: Inputs) -> npt.NDArray[np.float32]:
    return run_module(module, inputs).float().numpy()


def _golden(reference: Callable[[Inputs], npt.NDArray[np.float32]], spec: GeneratorSpec) -> Golden:
    values = np.ascontiguousarray(reference(generator_inputs(spec, _GOLDEN_COUNT)))
    if not np.isfinite(values).all():
        raise ExportError(f"the generator gives NaN or infinity at batch {_GOLDEN_COUNT}")
    is_image = spec.output.kind == "image"
    pixels = images.to_uint8(values, **spec.output.conversion) if is_image else values
    scale = spec.output.span if is_image else float(np.abs(values).max())
    return Golden(
        seed=0,
        count=_GOLDEN_COUNT,
        sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        mean=float(values.mean(dtype=np.float64)),
        std=float(values.std(dtype=np.float64)),
        tolerance=RELATIVE_TOLERANCE * scale,
    )


def _provenance(generator: nn.Module) -> dict[str, Any]:
    digest = hashlib.sha256()
    for name, value in sorted(generator.state_dict().items()):
        if isinstance(value, Tensor):  # a module's extra state may be anything
            digest.update(name.encode())
            digest.update(value.contiguous().numpy().tobytes())
    return {
        "gansdk": metadata.version("gansdk"),
        "torch": torch.__version__,
        "opset": OPSET,
        "weights_sha256": digest.hexdigest(),
    }
