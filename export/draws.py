"""Random operators: the law that each draws from, and its result, given draws of that law.

A rule works on tensors and on nodes of a graph alike: it makes each step by `emit(operator, ...)`.
So a module in eager PyTorch and the file made from it take the same noise by the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from gansdk.spec.inputs import Law

_ATEN = torch.ops.aten
Emit = Callable[..., Any]


class Rule(NamedTuple):
    """How an operator draws: from `law`, one value for each element of its (first) result.

    `result(emit, noise, arguments)` gives what it returns; `arguments` are as `bound` gives them.
    """

    law: Law
    result: Callable[[Emit, Any, dict[str, Any]], Any]


def bound(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call of an ATen operator by name, defaults filled in."""
    names = [a.name for a in target._schema.arguments]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    defaults = {a.name: a.default_value for a in target._schema.arguments if a.has_default_value()}
    return {**defaults, **given}


def draws(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call draws random numbers: some operators do so only in train mode."""
    if not isinstance(target, torch._ops.OpOverload):
        return False
    if torch.Tag.nondeterministic_seeded not in target.tags and target not in RULES:
        return False
    given = bound(target, args, kwargs)
    if False in (given.get("train", True), given.get("training", True)):
        return False
    if target is _ATEN.native_dropout.default and given["p"] in (0, 1):
        return False  # nothing to choose, and eager PyTorch draws nothing
    return given.get("dropout_p", 1) != 0 and not ("dropout" in given and given["dropout"] == 0)


def _plain(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    return noise


def _normal(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    return _affine(emit, noise, given["std"], given["mean"])


def _unit(emit: Emit, noise: Any) -> Any:
    # From [-1, 1) to [0, 1), where it is exact: draws are multiples of 2^-23.
    return emit(_ATEN.mul.Tensor, emit(_ATEN.add.Tensor, noise, 1.0), 0.5)


def _rand(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    return _unit(emit, noise)


def _uniform(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    low, high = given["from"], given["to"]
    return _affine(emit, _unit(emit, noise), high - low, low)


def _bernoulli(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    return _kept(emit, noise, given["p"])


def _bernoulli_of_self(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    return _kept(emit, noise, given["self"])


def _dropout(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    share = 1.0 - given["p"]
    kept = _kept(emit, noise, share)
    # In eager mode's order of rounding: the mask is divided, not the product.
    scaled = emit(_ATEN.div.Tensor, kept, share)
    return emit(_ATEN.mul.Tensor, given["input"], scaled), kept


def _rrelu(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    low, high, x = given["lower"], given["upper"], given["self"]
    slope = _affine(emit, _unit(emit, noise), high - low, low)
    negative = emit(_ATEN.le.Scalar, x, 0)
    return emit(_ATEN.where.self, negative, emit(_ATEN.mul.Tensor, x, slope), x)


def _exponential(emit: Emit, noise: Any, given: dict[str, Any]) -> Any:
    # -log(1 - u), never 0: its logarithm is what a Gumbel softmax takes. A u of 0 stands for
    # [0, 2^-24), so it becomes the middle of that.
    rest = emit(_ATEN.add.Tensor, emit(_ATEN.neg.default, _unit(emit, noise)), 1.0)
    value = emit(_ATEN.neg.default, emit(_ATEN.log.default, rest))
    value = emit(_ATEN.clamp.default, value, 2.0**-25)
    return _affine(emit, value, 1.0 / given["lambd"], 0.0)


def _kept(emit: Emit, noise: Any, share: Any) -> Any:
    below = _ATEN.lt.Scalar if isinstance(share, float | int) else _ATEN.lt.Tensor
    kept = emit(below, _unit(emit, noise), share)
    return emit(_ATEN._to_copy.default, kept, dtype=torch.float32)


def _affine(emit: Emit, value: Any, scale: Any, offset: Any) -> Any:
    if not (isinstance(scale, float | int) and scale == 1):
        value = emit(_ATEN.mul.Tensor, value, scale)
    if not (isinstance(offset, float | int) and offset == 0):
        value = emit(_ATEN.add.Tensor, value, offset)
    return value


RULES: dict[Any, Rule] = {
    **{
        operator: Rule("normal", _plain)
        for operator in (
            _ATEN.randn.default,
            _ATEN.randn.generator,
            _ATEN.randn_like.default,
            _ATEN.randn_like.generator,
        )
    },
    **{
        operator: Rule("normal", _normal)
        for operator in (
            _ATEN.normal.float_float,
            _ATEN.normal.Tensor_float,
            _ATEN.normal.float_Tensor,
            _ATEN.normal.Tensor_Tensor,
            _ATEN.normal_functional.default,
            _ATEN.normal_.default,
        )
    },
    **{
        operator: Rule("uniform", _rand)
        for operator in (
            _ATEN.rand.default,
            _ATEN.rand.generator,
            _ATEN.rand_like.default,
            _ATEN.rand_like.generator,
        )
    },
    _ATEN.uniform.default: Rule("uniform", _uniform),
    _ATEN.uniform_.default: Rule("uniform", _uniform),
    _ATEN.bernoulli.default: Rule("uniform", _bernoulli_of_self),
    _ATEN.bernoulli.p: Rule("uniform", _bernoulli),
    _ATEN.bernoulli.Tensor: Rule("uniform", _bernoulli),
    _ATEN.bernoulli_.float: Rule("uniform", _bernoulli),
    _ATEN.bernoulli_.Tensor: Rule("uniform", _bernoulli),
    _ATEN.native_dropout.default: Rule("uniform", _dropout),
    _ATEN.rrelu.default: Rule("uniform", _rrelu),
    _ATEN.rrelu_with_noise.default: Rule("uniform", _rrelu),
    _ATEN.exponential.default: Rule("uniform", _exponential),
    _ATEN.exponential_.default: Rule("uniform", _exponential),
}
"""What can be drawn from a spec's noise; any other random operator is refused."""
