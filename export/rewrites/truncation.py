"""Truncation as an input, of a module that takes psi as a Python number.

Code such as `if psi != 1: w = w_avg.lerp(w, psi)` leaves psi in a captured program as plain
numbers. Captured for several values of psi, the programs differ in just these; each is put back as
a function of an input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.utils import _pytree as pytree

from gansdk.errors import ExportError, InvalidArgumentError

from ..graphs import add_constant, constant, shape_of, tidy
from .per_image import give_each_image
from .places import place_of
from .random_numbers import TRUNCATION, add_input

_ATEN = torch.ops.aten
_TENSOR_FORMS = {
    _ATEN.lerp.Scalar: _ATEN.lerp.Tensor,
    _ATEN.mul.Scalar: _ATEN.mul.Tensor,
    _ATEN.div.Scalar: _ATEN.div.Tensor,
    _ATEN.add.Scalar: _ATEN.add.Tensor,
    _ATEN.sub.Scalar: _ATEN.sub.Tensor,
    _ATEN.rsub.Scalar: _ATEN.rsub.Tensor,
    **{
        operator: operator
        for operator in (_ATEN.mul.Tensor, _ATEN.div.Tensor, _ATEN.add.Tensor, _ATEN.sub.Tensor)
    },
}
_FILLS: dict[Any, int] = {
    _ATEN.full.default: 1,
    _ATEN.full_like.default: 1,
    _ATEN.new_full.default: 2,
    _ATEN.scalar_tensor.default: 0,
}
_TOLERANCE = 1e-6


def truncation_input(
    programs: Sequence[fx.GraphModule], values: Sequence[float], name: str
) -> fx.GraphModule:
    """Return `programs[0]` with psi as its last input, float32 of shape (batch,).

    Parameters
    ----------
    programs : sequence of GraphModule
        At least 3 captures of one module, before any rewrite, alike but for psi.
    values : sequence of float
        The psi of each, all different and none of 0 and 1, which the module may treat apart.
    name : str
        The input's name.

    Raises
    ------
    ExportError
        Nothing depends on psi; the programs differ otherwise; or psi is used in a way that is not
        affine (a + b psi) or not known. The message names the layer.
    InvalidArgumentError
        Fewer than 3 programs, or values that do not fit them.
    """
    if len(programs) < 3 or len(set(values)) != len(programs) or len(values) != len(programs):
        raise InvalidArgumentError(
            "truncation_input needs a program for each of at least 3 different values of psi; got "
            f"{len(programs)} programs and the values {list(values)}"
        )
    program = programs[0]
    places = [
        (nodes[0], place)
        for nodes in _side_by_side(programs)
        for place in _differing(programs, nodes)
    ]
    if not places:
        raise ExportError(
            f"the module ignores {name}: its captured programs are the same for "
            f"{' and '.join(map(str, values))}"
        )
    psi = add_input(program, name, ())
    psi.meta[TRUNCATION] = True
    # First all numbers become tensors, then these are followed: that replaces nodes.
    shared = [
        (_as_tensor(program, node, found), _line(node, found[-len(values) :], values))
        for node, found in places
    ]
    tidy(program)
    for node, line in shared:
        give_each_image(program, node, _own(program, psi, node, line, name), name)
    return program


def _side_by_side(programs: Sequence[fx.GraphModule]) -> list[tuple[fx.Node, ...]]:
    """Return the nodes of all programs, side by side; an error where they are not alike."""
    columns = [list(program.graph.nodes) for program in programs]
    rows = list(zip(*columns, strict=False))
    numbers = [{node: k for k, node in enumerate(column)} for column in columns]
    for row in rows:
        forms = [_form(node, number) for node, number in zip(row, numbers, strict=True)]
        if any(form != forms[0] for form in forms):
            raise _differ(row[0])
    if len({len(column) for column in columns}) > 1:
        raise _differ(rows[-1][0])
    return rows


def _differ(node: fx.Node) -> ExportError:
    return ExportError(
        "the module takes another course for another truncation, from the operation "
        f"{node.name} in {place_of(node)} on, so psi cannot be an input: give psi as a constant "
        "argument"
    )


def _form(node: fx.Node, number: dict[fx.Node, int]) -> tuple[Any, ...]:
    # A node but for its floats; other nodes by their position.
    leaves, structure = pytree.tree_flatten((node.args, dict(node.kwargs)))
    plain = [
        ("node", number[leaf])
        if isinstance(leaf, fx.Node)
        else ("float",)
        if isinstance(leaf, float)
        else (type(leaf).__name__, str(leaf))
        for leaf in leaves
    ]
    target = str(node.target) if node.op != "get_attr" else ""
    shape = tuple(map(str, node.meta["val"].shape)) if node.op == "get_attr" else ()
    return node.op, target, shape, plain, str(structure)


def _differing(
    programs: Sequence[fx.GraphModule], nodes: tuple[fx.Node, ...]
) -> list[tuple[Any, ...]]:
    """Return what depends on psi in a node: its tensors, or (position, number, ...) of numbers."""
    if nodes[0].op == "get_attr":
        tensors = [constant(p, node) for p, node in zip(programs, nodes, strict=True)]
        first = tensors[0]
        if first is None:
            return []
        same = all(_same(first, other) for other in tensors)
        return [] if same else [tuple(tensors)]
    leaves = [pytree.tree_leaves((node.args, dict(node.kwargs))) for node in nodes]
    columns = enumerate(zip(*leaves, strict=True))
    return [
        (k, *column)
        for k, column in columns
        if isinstance(column[0], float) and any(value != column[0] for value in column)
    ]


def _same(a: Tensor, b: Tensor | None) -> bool:
    return b is not None and (a.data_ptr() == b.data_ptr() or torch.equal(a, b))


def _line(node: fx.Node, found: Sequence[Any], values: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Return a and b of a + b psi in float64; an error where the values are on no line."""
    given = [torch.as_tensor(value).double() for value in found]
    slope = (given[1] - given[0]) / (values[1] - values[0])
    # Without the rounding error of the division: 1 - psi is meant, not 0.9999999999999998 - psi.
    slope = slope.mul(1e9).round().div(1e9) if slope.abs().max() > 1e-3 else slope
    offset = given[0] - slope * values[0]
    offset = torch.where(offset.abs() < 1e-9 * given[0].abs().clamp(min=1), 0.0, offset)
    for value, psi in zip(given, values, strict=True):
        if (offset + slope * psi - value).abs().max() > _TOLERANCE * value.abs().max().clamp(min=1):
            raise ExportError(
                f"{node.name} in {place_of(node)} depends on psi in another way than a + b psi "
                f"(it is {found[0]}, {found[1]}, {found[2]} for {values[0]}, {values[1]}, "
                f"{values[2]}): psi cannot be an input, give it as a constant argument"
            )
    return offset, slope


def _as_tensor(program: fx.GraphModule, node: fx.Node, found: tuple[Any, ...]) -> fx.Node:
    """Return the node of what is to depend on psi: a constant, or a number made a tensor."""
    if node.op == "get_attr":
        return node
    position, number, *_ = found
    leaves, structure = pytree.tree_flatten((node.args, dict(node.kwargs)))
    with program.graph.inserting_before(node):
        shared = program.graph.call_function(_ATEN.scalar_tensor.default, (number,))
    shared.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    leaves[position] = shared
    args, kwargs = pytree.tree_unflatten(leaves, structure)
    fill = _FILLS.get(node.target)
    if fill is not None and args[fill] is shared:  # a tensor filled with psi: ones, times psi
        node.args = (*args[:fill], 1.0, *args[fill + 1 :])
        with program.graph.inserting_after(node):
            product = program.graph.call_function(_ATEN.mul.Tensor, (node, shared))
        product.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
        node.replace_all_uses_with(product, delete_user_cb=lambda user: user is not product)
    elif kwargs.get("alpha") is shared and node.target in (_ATEN.add.Tensor, _ATEN.sub.Tensor):
        with program.graph.inserting_before(node):
            scaled = program.graph.call_function(_ATEN.mul.Tensor, (args[1], shared))
        node.args, node.kwargs = (args[0], scaled), {}
    elif node.target in _TENSOR_FORMS and "alpha" not in kwargs and shared in args:
        node.target, node.args, node.kwargs = _TENSOR_FORMS[node.target], args, kwargs
    else:
        raise ExportError(
            f"{place_of(node)} uses psi in {node.target}, where it cannot be an input: give psi as "
            "a constant argument"
        )
    return shared


def _own(
    program: fx.GraphModule,
    psi: fx.Node,
    shared: fx.Node,
    line: tuple[Tensor, Tensor],
    name: str,
) -> fx.Node:
    """Return a + b psi, of shape (batch, *shape of `shared`)."""
    offset, slope = line
    shape = list(shape_of(shared))
    before = next(node for node in program.graph.nodes if node in shared.users)
    graph, own = program.graph, psi
    if shape:
        with graph.inserting_before(before):
            own = graph.call_function(_ATEN.view.default, (psi, [-1, *[1] * len(shape)]))
    for operator, term, neutral in (
        (_ATEN.mul.Tensor, slope, 1.0),
        (_ATEN.add.Tensor, offset, 0.0),
    ):
        if not shape and float(term) == neutral:
            continue  # psi as it is, to the bit
        factor = add_constant(program, name, term.float(), before) if shape else float(term)
        with graph.inserting_before(before):
            own = graph.call_function(operator, (own, factor))
    return own
