"""Simplification of an ONNX model that leaves its values as they are.

The exporter's own optimizer holds a constant below 1e-8 for 0, and one within 1e-5 of 1 for 1: it
drops the epsilon of pixel norm and of demodulation, and a latent of zeros becomes NaN. Of its
rules, these are the ones that decide by shapes and structure alone.
"""

from __future__ import annotations

import onnx_ir
from onnx_ir.passes import Sequential, common
from onnxscript import optimizer, rewriter
from onnxscript.rewriter.rules.common import (
    cast_cast_rule,
    cast_constant_of_shape_rule,
    cast_constant_of_shape_without_value_rule,
    collapse_slice2_rule,
    collapse_slice_rule,
    flatten_to_reshape_rule,
    fuse_pad_into_conv_rule,
    materialize_reshape_shape_rule,
    no_op_cast_rule,
    no_op_dynamic_scatter_nd_rule,
    no_op_expand_rule,
    no_op_static_scatter_nd_rule,
    no_op_transpose_rule,
    normalize_pad_format_conv_rule,
    reshape_reshape_rule,
    slice_split_rule,
    squeeze_reshape_1d_rule,
    transpose_transpose_rule,
    unsqueeze_unsqueeze_rule,
)

_RULES = (
    cast_constant_of_shape_rule,
    cast_constant_of_shape_without_value_rule,
    collapse_slice_rule,
    collapse_slice2_rule,
    materialize_reshape_shape_rule,
    cast_cast_rule,
    no_op_cast_rule,
    no_op_expand_rule,
    # In this order: a flatten becomes a reshape, which joins another.
    flatten_to_reshape_rule,
    reshape_reshape_rule,
    slice_split_rule,
    no_op_transpose_rule,
    transpose_transpose_rule,
    unsqueeze_unsqueeze_rule,
    squeeze_reshape_1d_rule,
    no_op_static_scatter_nd_rule,
    no_op_dynamic_scatter_nd_rule,
    normalize_pad_format_conv_rule,
    fuse_pad_into_conv_rule,
)


def simplify(model: onnx_ir.Model) -> None:
    """Simplify a model in place."""
    optimizer.inline(model)
    for _ in range(2):  # what folding makes constant, rules may join, and the other way round
        optimizer.fold_constants(model)
        rewriter.RewritePass(_RULES)(model)
    Sequential(
        common.RemoveUnusedNodesPass(),
        common.RemoveUnusedFunctionsPass(),  # type: ignore[no-untyped-call]
        common.RemoveUnusedOpsetsPass(),
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.LiftSubgraphInitializersToMainGraphPass(),
        common.DeduplicateInitializersPass(),
        common.CommonSubexpressionEliminationPass(),
        common.OutputFixPass(),
        common.NameFixPass(),
    )(model)
