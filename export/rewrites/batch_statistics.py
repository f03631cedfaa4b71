"""Batch norm that normalises by the batch at hand: refused, or made each image's own.

A picture that depends on its neighbours is no function of (model, seed, index). With one image in
the batch, as pix2pix is run, the batch's statistics are the image's own: an instance norm.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from gansdk.arguments import choice
from gansdk.errors import ExportError, InvalidArgumentError

from ..graphs import replace, shape_of, tidy
from .batch_norms import BatchNorm, batch_norms
from .places import place_of

_ATEN = torch.ops.aten


def check_statistics(statistics: str) -> None:
    """Raise `InvalidArgumentError` unless `statistics` is "running" or "instance"."""
    if statistics == "batch":
        raise InvalidArgumentError(
            "statistics='batch' would make a picture depend on the others in its batch, so that no "
            "seed and index could give it again; use 'running' (what eval mode does) or "
            "'instance' (train mode with one image at a time, as pix2pix is run)"
        )
    choice(statistics, "statistics", ("running", "instance"))


def refuse_batch_statistics(program: fx.GraphModule, statistics: str) -> int:
    """Leave no batch norm that depends on the batch; return how many were rewritten.

    Parameters
    ----------
    program : GraphModule
        The program, which is changed and tidied for "instance".
    statistics : "running" or "instance"
        "running" keeps batch norms with running statistics and refuses others. "instance" makes
        every batch norm, of both kinds, normalise each image by its own mean and (biased) variance
        and then apply the weights that it has.

    Raises
    ------
    ExportError
        A batch norm takes the batch's statistics and "running" was asked for, or "instance" and an
        image has a single value a channel. The message names the layer.
    InvalidArgumentError
        `statistics` is another word; "batch" is refused with the reason.
    """
    check_statistics(statistics)
    rewritten = 0
    if statistics == "instance":
        _drop_updates(program)
    for norm in batch_norms(program):
        if norm.of_one_sample:
            continue
        if statistics == "instance":
            _to_instance_norm(program, norm)
            rewritten += 1
        elif norm.over_batch:
            raise ExportError(
                f"{place_of(norm.node)} normalises by the mean and variance of the batch at hand, "
                "so a picture would depend on its neighbours: give it running statistics "
                "(track_running_stats=True, module.eval()), or export with statistics='instance', "
                "which is what batches of one give"
            )
    if rewritten:
        tidy(program)
    return rewritten


def _drop_updates(program: fx.GraphModule) -> None:
    # Train mode keeps running statistics up to date; a file has no state.
    for node in list(program.graph.nodes):
        if node.target is _ATEN.copy_.default and node.args[0].op == "get_attr":
            program.graph.erase_node(node)


def _to_instance_norm(program: fx.GraphModule, norm: BatchNorm) -> None:
    values = shape_of(norm.input)[2:]
    if all(isinstance(size, int) and size == 1 for size in values):
        raise ExportError(
            f"{place_of(norm.node)} normalises one value a channel of each image, of which "
            "statistics='instance' would leave 0: use statistics='running', which needs running "
            "statistics (track_running_stats=True)"
        )
    with program.graph.inserting_before(norm.node):
        new = program.graph.call_function(
            _ATEN.instance_norm.default,
            (norm.input, norm.weight, norm.bias, None, None, True, 0.0, norm.eps, False),
        )
    new.meta["nn_module_stack"] = norm.node.meta.get("nn_module_stack")
    running = {3: norm.mean, 4: norm.variance}
    for user in list(norm.node.users):
        k = user.args[1]
        if k == 0:
            replace(user, new)
        elif k in running and isinstance(running[k], fx.Node):  # type: ignore[index]
            replace(user, running[k])  # type: ignore[index]
    if not norm.node.users:
        program.graph.erase_node(norm.node)


@contextmanager
def instance_statistics() -> Iterator[None]:
    """Let every batch norm of eager PyTorch normalise each image by its own statistics.

    That is what `refuse_batch_statistics(program, "instance")` makes of a program. It holds for
    modules and functions alike, in train and in eval mode; running statistics stay as they are.
    """
    with _InstanceStatistics():
        yield


class _InstanceStatistics(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is functional.batch_norm:
            # A layer's norm comes here as a whole, with its checks.
            given = _FUNCTION.bind(*args, **(kwargs or {}))
            given.apply_defaults()
            names = ("input", "weight", "bias", "training", "momentum", "eps")
            return _by_image(*(given.arguments[name] for name in names))
        if func is torch.batch_norm:
            x, weight, bias, _, _, training, momentum, eps, _ = args
            return _by_image(x, weight, bias, training, momentum, eps)
        return func(*args, **(kwargs or {}))


_FUNCTION = inspect.signature(functional.batch_norm)


def _by_image(
    x: Tensor, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Tensor:
    if training and len(x) == 1:
        # The same; and what is written with the batch among the channels has that many weights.
        return torch.batch_norm(x, weight, bias, None, None, True, momentum, eps, False)
    return torch.instance_norm(x, weight, bias, None, None, True, momentum, eps, False)
