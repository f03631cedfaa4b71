"""A network's program after all rewrites, and the noise inputs that they gave it."""

from __future__ import annotations

from torch import Tensor, fx, nn

from gansdk.errors import ExportError

from .capture import capture
from .example import Free, Inputs
from .network import Drawn, Network
from .rewrites.attention import four_axes_attention
from .rewrites.batch_mixing import mixes_batch
from .rewrites.batch_statistics import refuse_batch_statistics
from .rewrites.cumulative_product import products_of_slices
from .rewrites.fold_batch_norm import fold_batch_norms
from .rewrites.fold_constants import fold_constants
from .rewrites.grouped_normalization import batch_free_normalizations
from .rewrites.modulated_convolution import batch_free_modulated_convolutions
from .rewrites.per_sample_convolution import batch_free_convolutions, no_batch_in_groups
from .rewrites.random_numbers import declare_noise, noise_axes
from .rewrites.truncation import truncation_input

_PSIS = (0.5, 0.7, 0.85)
"""Values of psi to capture at: none is 0 or 1, which code treats as special."""


def rewritten_program(
    network: Network, inputs: Inputs, free: Free, statistics: str
) -> tuple[fx.GraphModule, Drawn]:
    """Capture a network and rewrite what PyTorch's exporters cannot do, or do badly.

    Returns the program, and the noise inputs that stand for the random numbers it draws. The
    program's inputs are those of the network, then noise, then psi.

    Raises
    ------
    ExportError
        The module cannot be captured, or a rewrite refuses it; the message names the layer.
    """
    program = _captured(network, inputs, free)
    taken = (*network.inputs, *([network.psi] if network.psi else []))
    noise = Drawn(declare_noise(program, taken), noise_axes(program))
    batch_free_normalizations(program)
    refuse_batch_statistics(program, statistics)
    batch_free_modulated_convolutions(program)
    batch_free_convolutions(program)
    no_batch_in_groups(program)
    _refuse_mixing(program, network.what)
    four_axes_attention(program)
    products_of_slices(program)
    fold_constants(program)
    fold_batch_norms(program)
    fold_constants(program)
    return program, noise


def _refuse_mixing(program: fx.GraphModule, what: str) -> None:
    layers = mixes_batch(program)
    if layers:
        where = ", ".join(layer or "the outermost" for layer in layers[:3])
        raise ExportError(
            f"the {what}'s output depends on the batch that it is in: layer {where} combines its "
            "images, as statistics over the batch or the minibatch standard deviation of a "
            "discriminator do; make it each image's own"
        )


def _captured(network: Network, inputs: Inputs, free: Free) -> fx.GraphModule:
    tensors = {name: inputs[name] for name in network.inputs}
    axes = {name: free[name] for name in network.inputs}

    as_given = network.call  # held by the closure, where the capture looks for the user's code

    def at(*psi: float) -> fx.GraphModule:
        def call(module: nn.Module, *given: Tensor) -> Tensor:
            output: Tensor = as_given(module, *given, *psi)
            return output

        return capture(network.module, call, tensors, axes)

    if network.psi is None:
        return at()
    return truncation_input([at(psi) for psi in _PSIS], _PSIS, network.psi)
