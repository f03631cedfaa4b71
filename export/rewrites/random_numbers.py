"""Random numbers inside a module to declared noise inputs.

A file that draws its own noise never gives the same picture twice. As an input the noise comes from
(seed, index) like the latent; see `gansdk.spec.Noise`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import fx

from gansdk.errors import ExportError
from gansdk.spec import Noise
from gansdk.spec.inputs import Law

from ..draws import RULES, bound, draws
from ..graphs import batch_multiple, batch_symbol, calls, fake_mode, placeholders, replace, tidy
from .per_image import give_each_image
from .places import place_of

_ATEN = torch.ops.aten
_AXES = "noise_axes"
TRUNCATION = "truncation"
"""The mark, in `node.meta`, of the input that stays the last."""


def declare_noise(program: fx.GraphModule, taken_names: Collection[str]) -> tuple[Noise, ...]:
    """Make every random operator of a program take an input; return the inputs for the spec.

    The k-th that is run becomes the k-th noise input, float32 of shape (batch, *shape), behind the
    other inputs and before the truncation. Noise that the module draws once for the whole batch
    becomes each image's own. Where an axis is k times the batch, as with windows folded into it, an
    image's noise has k as its first axis. What is drawn and not used is dropped.

    Parameters
    ----------
    program : GraphModule
        The program, which is changed and tidied.
    taken_names : collection of str
        Names of the inputs that there are; noise is named noise_0, noise_1, ...

    Raises
    ------
    ExportError
        An operator draws from another law than normal or uniform, or a shape that is not known
        beforehand; the message names its layer.
    """
    _drop_unused(program)
    _settle(program)
    noises: list[Noise] = []
    axes: list[int | None] = []
    while (node := _first_draw(program)) is not None:
        rule = RULES.get(node.target)
        if rule is None:
            raise ExportError(
                f"{place_of(node)} draws random numbers by {node.target}, which cannot become a "
                "noise input: draw normal (randn) or uniform (rand) numbers and work from these, "
                "or make them an input"
            )
        name = _free_name(len(noises), [*taken_names, *(noise.input for noise in noises)])
        noise, axis = _declare(program, node, rule.law, name)
        noises.append(noise)
        axes.append(axis)
    tidy(program)
    program.meta[_AXES] = tuple(axes)
    return tuple(noises)


def noise_axes(program: fx.GraphModule) -> tuple[int | None, ...]:
    """Return, for each input that `declare_noise` made, where the module has the batch.

    It is the batch's axis among those of what the module draws; None where it draws once for the
    whole batch.
    """
    axes: tuple[int | None, ...] = program.meta.get(_AXES, ())
    return axes


def is_random(node: fx.Node) -> bool:
    """Whether a node draws random numbers."""
    return node.op == "call_function" and draws(node.target, node.args, node.kwargs)


def add_input(
    program: fx.GraphModule, name: str, shape: Sequence[int], *, last: bool = True
) -> fx.Node:
    """Return a new float32 input of shape (batch, *shape), before the truncation if not `last`."""
    inputs = placeholders(program)
    marked = [node for node in inputs if node.meta.get(TRUNCATION)]
    size = batch_symbol(program)
    mode = fake_mode(program)
    graph = program.graph
    place = graph.inserting_after(inputs[-1])
    if marked and not last:
        place = graph.inserting_before(marked[0])
    with place:
        node = graph.placeholder(name)
    with mode:
        node.meta["val"] = torch.empty((size, *shape))
    return node


def _first_draw(program: fx.GraphModule) -> fx.Node | None:
    return next((node for node in program.graph.nodes if is_random(node)), None)


def _drop_unused(program: fx.GraphModule) -> None:
    for node in reversed(list(program.graph.nodes)):
        if not node.users and (is_random(node) or (node.op != "placeholder" and _is_pure(node))):
            program.graph.erase_node(node)


def _settle(program: fx.GraphModule) -> None:
    # Dropout of nothing or of everything: no choice, so no noise.
    for node in calls(program, _ATEN.native_dropout.default):
        x, share, train, *_ = node.args
        for user in list(node.users):
            if user.args[1] == 0 and (not train or share in (0, 1)):
                with program.graph.inserting_before(node):
                    scale = 0.0 if train and share == 1 else 1.0
                    replace(user, _emit(program, _ATEN.mul.Tensor, x, scale))


def _is_pure(node: fx.Node) -> bool:
    return node.op != "output" and not node.is_impure()


def _free_name(k: int, taken: Collection[str]) -> str:
    name = f"noise_{k}"
    while name in taken:
        name += "_"
    return name


def _declare(
    program: fx.GraphModule, node: fx.Node, law: Law, name: str
) -> tuple[Noise, int | None]:
    value = node.meta["val"]
    value = value[0] if isinstance(value, tuple | list) else value
    copies = [batch_multiple(program, size) for size in value.shape]
    axes = [axis for axis, count in enumerate(copies) if count]
    others = [size for axis, size in enumerate(value.shape) if axis not in axes]
    if len(axes) > 1 or any(isinstance(size, torch.SymInt) for size in others):
        raise ExportError(
            f"{place_of(node)} draws random numbers of shape {tuple(map(str, value.shape))}, whose "
            "size is not known beforehand: a noise input has the batch as one axis and fixed "
            "others, so export the module at one size, or make the noise an input"
        )
    shape = [int(size) for size in others] if axes else _own_shape(list(value.shape))
    folded = bool(axes) and copies[axes[0]] != 1
    if folded:  # as attention in windows has them: each image's own stand together
        shape = [copies[axes[0]], *shape]
    source = add_input(program, name, shape or [1], last=False)
    source.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    with program.graph.inserting_before(node):
        noise = source
        if folded:
            noise = _emit(program, _ATEN.view.default, noise, [-1, *map(int, others)])
        if axes and not shape:  # one number an image, which a noise input has as (batch, 1)
            noise = _emit(program, _ATEN.view.default, noise, [-1])
        elif axes and axes[0]:
            order = [*range(1, axes[0] + 1), 0, *range(axes[0] + 1, value.ndim)]
            noise = _emit(program, _ATEN.permute.default, noise, order)
        elif not axes:
            noise = _shared(program, node, list(value.shape))
        if value.dtype != torch.float32:
            noise = _emit(program, _ATEN._to_copy.default, noise, dtype=value.dtype)
    _substitute(program, node, noise)
    if not axes:
        # The stand-in has the draw's shape, so what follows of it is worked out for the batch.
        tidy(program)
        stand_in = next(n for n in program.graph.nodes if n.meta.get("stand_in"))
        with program.graph.inserting_before(stand_in):
            whole = list(value.shape)
            own = _emit(program, _ATEN.view.default, source, [-1, *whole])
        give_each_image(program, stand_in, own, f"the noise that {place_of(node)} draws")
    return Noise(tuple(shape or [1]), law, name), axes[0] if axes else None


def _own_shape(shape: list[int]) -> list[int]:
    # A leading 1 stood for the batch.
    return shape[1:] if shape[:1] == [1] and len(shape) > 1 else shape


def _shared(program: fx.GraphModule, node: fx.Node, shape: list[int]) -> fx.Node:
    stand_in = _emit(program, _ATEN.zeros.default, shape)
    stand_in.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    stand_in.meta["stand_in"] = True
    return stand_in


def _substitute(program: fx.GraphModule, node: fx.Node, noise: fx.Node) -> None:
    def emit(target: Any, *args: Any, **kwargs: Any) -> fx.Node:
        new = _emit(program, target, *args, **kwargs)
        new.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
        return new

    with program.graph.inserting_before(node):
        rule = RULES[node.target]
        result = rule.result(emit, noise, bound(node.target, node.args, dict(node.kwargs)))
    if not isinstance(result, tuple):
        replace(node, result)
        return
    for user in list(node.users):  # an operator of several results: each is picked by getitem
        replace(user, result[user.args[1]])  # type: ignore[index]
    program.graph.erase_node(node)


def _emit(program: fx.GraphModule, target: Any, *args: Any, **kwargs: Any) -> fx.Node:
    return program.graph.call_function(target, args, kwargs)
