"""A value that the batch shares, made one of each image: noise of shape (1, 1, H, W), psi."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from gansdk.errors import ExportError

from ..graphs import replace, shape_of, tidy, varies_with_batch
from .places import place_of

_ATEN = torch.ops.aten
_LIKE_POINTWISE = (_ATEN._to_copy.default, _ATEN.clone.default, _ATEN.alias.default)
_VIEWS = (_ATEN.view.default, _ATEN.reshape.default, _ATEN._unsafe_view.default)


def give_each_image(program: fx.GraphModule, shared: fx.Node, own: fx.Node, what: str) -> None:
    """Put values of each image in the place of one that all images share.

    Parameters
    ----------
    program : GraphModule
        The program, which is changed and tidied.
    shared : Node
        A value without the batch among its axes.
    own : Node
        Values of shape (batch, *shape of `shared`).
    what : str
        What is shared, for the error.

    Raises
    ------
    ExportError
        An operator between `shared` and the values of each image is not known to work image by
        image; the message names its layer.
    """
    # The images' forms of the nodes that depend on `shared` and not yet on an image.
    twins: dict[fx.Node, fx.Node] = {shared: own}
    for node in list(program.graph.nodes):
        if any(arg in twins for arg in node.all_input_nodes):
            if node.op == "output":
                raise ExportError(
                    f"{what} is returned without meeting a value of each image: "
                    "the first axis of what the module returns must be the batch"
                )
            with program.graph.inserting_before(node):
                _step(program, node, twins, what)
    tidy(program)


def _step(program: fx.GraphModule, node: fx.Node, twins: dict[fx.Node, fx.Node], what: str) -> None:
    target: Any = node.target
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor):
        raise _refusal(node, what)
    met = varies_with_batch(program, node)
    if not met and any(isinstance(size, torch.SymInt) for size in value.shape):
        raise _refusal(node, what)
    rank = value.ndim - 1 if met else value.ndim

    def own(arg: fx.Node) -> fx.Node:
        return _with_rank(program, arg, twins[arg], rank, what) if arg in twins else arg

    args: tuple[Any, ...] = node.args
    kwargs: dict[str, Any] = dict(node.kwargs)
    if target in _LIKE_POINTWISE or torch.Tag.pointwise in getattr(target, "tags", ()):
        args, kwargs = fx.map_arg((args, kwargs), own)
    elif target is _ATEN.expand.default:
        args = (own(args[0]), list(args[1]) if met else [-1, *args[1]])
    elif target is _ATEN.repeat.default and met and len(shape_of(args[0])) == value.ndim:
        args = (own(args[0]), [1, *args[1][1:]])
    elif not met:
        args = _moved(node, twins, what)
    else:
        raise _refusal(node, what)
    new = program.graph.call_function(target, args, kwargs)
    new.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    if met:
        new.meta["val"] = value
        replace(node, new)
    else:
        twins[node] = new


def _moved(node: fx.Node, twins: dict[fx.Node, fx.Node], what: str) -> tuple[Any, ...]:
    # The arguments of an operator that moves axes, which are one more now.
    args: tuple[Any, ...] = node.args
    target, (first, *rest) = node.target, args
    if node.kwargs or first not in twins:
        raise _refusal(node, what)
    rank, own = len(shape_of(first)), twins[first]
    if target in _VIEWS:
        return (own, [-1, *shape_of(node)])
    if target is _ATEN.unsqueeze.default:
        return (own, rest[0] % (rank + 1) + 1)
    if target is _ATEN.permute.default:
        return (own, [0, *(axis % rank + 1 for axis in rest[0])])
    if target in (_ATEN.select.int, _ATEN.slice.Tensor):
        axis, *others = rest or [0]
        return (own, axis % rank + 1, *others)
    raise _refusal(node, what)


def _with_rank(
    program: fx.GraphModule, shared: fx.Node, own: fx.Node, rank: int, what: str
) -> fx.Node:
    # Broadcasting adds axes in front; behind the batch they must be written out.
    shape = list(shape_of(shared))
    if len(shape) > rank and shape[0] == 1:
        shape = shape[1:]
    if len(shape) > rank:
        raise ExportError(
            f"{what} has shape {tuple(shape_of(shared))} where its first axis meets the batch: "
            "draw it with the batch, or 1, as its first axis"
        )
    wanted = [1] * (rank - len(shape)) + shape
    if wanted == list(shape_of(shared)):
        return own
    return program.graph.call_function(_ATEN.view.default, (own, [-1, *wanted]))


def _refusal(node: fx.Node, what: str) -> ExportError:
    return ExportError(
        f"{what} is shared by the batch and goes through {node.target} in {place_of(node)}, "
        "which cannot be done for each image: give it the batch as its first axis in the module"
    )
