"""Python in model code that would fix the batch: kept a symbol, or the error says where."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from gansdk.errors import ExportError
from gansdk.export.capture import capture, exported_program
from gansdk.export.to_onnx import to_onnx


class Written(nn.Module):
    """A module whose forward is the function it is given."""

    def __init__(self, work: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.work = work

    def forward(self, x: Tensor) -> Tensor:
        return self.work(x)


def run(work: Callable[[Tensor], Tensor], batch: int) -> Tensor:
    """Capture at batch 4, and return what the program gives for another."""
    program = capture(
        Written(work), lambda m, x: m(x), {"x": torch.zeros(4, 6)}, {"x": {0: Dim("batch", min=1)}}
    )
    result: Tensor = program(values(batch))
    return result


def values(batch: int) -> Tensor:
    return torch.arange(batch * 6.0).reshape(batch, 6)


def windows(x: Tensor) -> Tensor:
    parts = x.reshape(-1, 3)  # two rows of each image
    batch = int(parts.shape[0] / (4 * 4 / 2 / 2 / 2))
    return parts.view(batch, -1) + batch


def of_an_odd_part(x: Tensor) -> Tensor:
    return x + int(x.shape[0] / 2)


WORKS: dict[str, Callable[[Tensor], Tensor]] = {
    "int of a size": lambda x: x.view(int(x.shape[0]), 2, 3),
    "int of a quotient by a float": windows,
    "int of a quotient by an int": lambda x: x.view(int(x.numel() / 6), 2, 3),
    "int of half a size": lambda x: x.view(int(x.shape[0] * 0.5 * 2), 6),
    "int of a quotient that is not whole": of_an_odd_part,
    "int of other things": lambda x: x + int("3") + int(2.5) + isinstance(3, int),
    "LongTensor of a range": lambda x: x[torch.LongTensor(range(x.size(0)))],
    "tensor of a range": lambda x: x + torch.tensor(range(1, len(x) + 1))[:, None],
    "as_tensor of a range": lambda x: x + torch.as_tensor(range(len(x)))[:, None],
    "FloatTensor of a range": lambda x: x + torch.FloatTensor(range(len(x)))[:, None] / 2,
    "index by a range": lambda x: x[range(len(x))],
    "index by a range and classes": lambda x: x[range(len(x)), (x[:, 0] > 7).long()][:, None],
    "range of a number": lambda x: x + torch.LongTensor(range(6)) + sum(range(3)),
    "len": lambda x: x.view(len(x), 2, 3) + len([1, 2]),
    "legacy tensors of sizes": lambda x: x + torch.FloatTensor(x.size(0), 6).zero_(),
}


@pytest.mark.parametrize("kind", WORKS)
def test_the_batch_stays_free(kind: str) -> None:
    for batch in (1, 3, 4, 7):
        torch.testing.assert_close(run(WORKS[kind], batch), WORKS[kind](values(batch)))


def looped(x: Tensor) -> Tensor:
    return torch.stack([x[k] * 2 for k in range(x.shape[0])])


def unbound(x: Tensor) -> Tensor:
    return torch.stack([row * 2 for row in x])


def of_a_literal(x: Tensor) -> Tensor:
    return x.view(4, 2, 3)


def of_a_tenth(x: Tensor) -> Tensor:
    return x.view(int(x.shape[0] / 0.1 * 0.1), -1)


@pytest.mark.parametrize("work", [looped, unbound, of_a_literal, of_a_tenth])
def test_what_fixes_the_batch_is_refused_and_its_line_named(
    work: Callable[[Tensor], Tensor],
) -> None:
    line = work.__code__.co_firstlineno + 1
    words = rf"fixes the batch .*\(test_model_code\.py line {line}, `return .*`\).*write x\.shape"
    with pytest.raises(ExportError, match=words) as caught:
        run(work, 4)
    assert "\n" not in str(caught.value)


def of_a_value(x: Tensor) -> Tensor:
    return x if x.sum() > 0 else -x


def of_an_item(x: Tensor) -> Tensor:
    return x[:, : int(x.mean())]


@pytest.mark.parametrize("work", [of_a_value, of_an_item])
def test_what_turns_on_values_is_refused_and_its_line_named(
    work: Callable[[Tensor], Tensor],
) -> None:
    line = work.__code__.co_firstlineno + 1
    words = rf"turns on values \(test_model_code\.py line {line}, `return .*`\).*torch\.where"
    with pytest.raises(ExportError, match=words) as caught:
        run(work, 4)
    assert "\n" not in str(caught.value)


def test_an_operator_that_onnx_has_not_is_named() -> None:
    inputs = {"x": torch.zeros(4, 6)}
    free = {"x": {0: Dim("batch", min=1)}}
    program = capture(Written(lambda x: x.median(1)[0]), lambda m, x: m(x), inputs, free)
    exported = exported_program(program, inputs, free)
    with pytest.raises(ExportError, match=r"no form of aten\.median, which .*leave 'onnx' out"):
        to_onnx(exported, ["x"], "y", 20)


def test_pythons_and_pytorchs_own_names_are_left_as_they_were() -> None:
    run(WORKS["LongTensor of a range"], 4)
    with pytest.raises(ExportError):
        run(looped, 4)
    assert not {"int", "len", "range"} & set(globals())
    assert re.fullmatch(r"<class 'torch\.LongTensor'>", repr(torch.LongTensor))
    assert isinstance(torch.LongTensor(range(3)), torch.LongTensor)
    assert isinstance(torch.zeros(1), torch.FloatTensor)
