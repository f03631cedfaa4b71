from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gansdk.backends.backend import Tensor
from gansdk.backends.dtypes import cast, from_bfloat16_bits, to_bfloat16_bits
from gansdk.backends.micro_batches import fixed_batch, run_in_parts
from gansdk.errors import ModelError

Z = np.arange(10, dtype=np.float32).reshape(5, 2)


def tensors(**shapes: tuple[int | None, ...]) -> dict[str, Tensor]:
    return {name: Tensor(name, shape, "tensor(float)") for name, shape in shapes.items()}


class Recorder:
    """A network that gives z + psi and keeps what it was given."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def __call__(self, feeds: dict[str, Any]) -> Any:
        self.calls.append(feeds)
        return feeds["z"] + np.asarray(feeds.get("psi", 0)).reshape(
            -1, *[1] * (feeds["z"].ndim - 1)
        )


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"z": (None, 2)}, None),
        ({"z": (4, 2)}, 4),
        ({"z": (1, 2)}, 1),
        ({"z": (2,)}, 1),
        ({"z": (None, 2), "psi": (1,)}, None),
        ({"z": (None, 2), "psi": ()}, None),
        ({"z": (4, 2), "psi": (1,)}, 4),
        ({"z": (1, 2), "psi": (1,)}, 1),
        ({"z": (1, 2), "psi": ()}, 1),
    ],
)
def test_the_fixed_batch(shapes: Any, expected: int | None) -> None:
    assert fixed_batch(list(tensors(**shapes).values()), {"z": 2, "psi": 1}) == expected


@pytest.mark.parametrize("z", [(None, 2), (1, 2), (2, 2), (3, 2), (5, 2), (8, 2)])
@pytest.mark.parametrize("psi", [None, (), (1,), (None,), (1, 1), (None, 1)])
def test_each_row_is_its_own_whatever_the_batch(z: Any, psi: Any) -> None:
    if psi and psi[0] is None:
        psi = (z[0], *psi[1:])
    declared = tensors(z=z) if psi is None else tensors(z=z, psi=psi)
    values = {"z": Z} if psi is None else {"z": Z, "psi": np.full(5, 7, np.float32)}
    network = Recorder()
    out = run_in_parts(network, values, declared)
    assert (out == Z + (0 if psi is None else 7)).all()
    assert {len(call["z"]) for call in network.calls} == {5 if z[0] is None else z[0]}
    if psi is not None:
        # What it is given has the rank that it declares, and its fixed axes.
        for call in network.calls:
            shape = np.shape(call["psi"])
            assert len(shape) == len(psi)
            assert all(p in (None, s) for p, s in zip(psi, shape, strict=True))


def test_a_shared_number_that_differs_is_given_one_by_one() -> None:
    psi = np.arange(5, dtype=np.float32)
    network = Recorder()
    out = run_in_parts(network, {"z": Z, "psi": psi}, tensors(z=(None, 2), psi=()))
    assert (out == Z + psi[:, None]).all()
    assert len(network.calls) == 5
    with pytest.raises(ModelError, match="psi is one for a batch of 2, but the images"):
        run_in_parts(network, {"z": Z, "psi": psi}, tensors(z=(2, 2), psi=()))


def test_an_output_of_another_batch_is_an_error() -> None:
    with pytest.raises(ModelError, match="gave 1 outputs for a batch of 4"):
        run_in_parts(lambda feeds: feeds["z"][:1], {"z": Z}, tensors(z=(4, 2)))


def test_bfloat16_is_rounded_half_to_even() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    generator = np.random.default_rng(0)
    bits = generator.integers(0, 1 << 32, 100_000, np.uint32)
    values = np.concatenate([bits.view(np.float32), np.float32([0, -0.0, 1.00390625, 1.01171875])])
    values = values[np.isfinite(values)]
    with np.errstate(over="ignore"):
        expected = values.astype(ml_dtypes.bfloat16)
    assert (to_bfloat16_bits(values) == expected.view(np.uint16)).all()
    finite = expected[np.isfinite(expected.astype(np.float32))]
    assert (from_bfloat16_bits(finite.view(np.uint16)) == finite.astype(np.float32)).all()


def test_casts() -> None:
    assert cast(np.float32([0.5, 1.5, 254.7]), "tensor(uint8)", "x").tolist() == [0, 2, 255]
    same = np.zeros(3, np.float32)
    assert cast(same, "tensor(float)", "x") is same
    with pytest.raises(ModelError, match=r"input x is a tensor\(string\)"):
        cast(same, "tensor(string)", "x")
