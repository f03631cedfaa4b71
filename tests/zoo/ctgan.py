"""CTGAN's generator (Xu et al. 2019): rows of a table, numbers by tanh and categories by softmax.

Traps: a residual block appends its output to its input; heads by a list of Python pairs; Gumbel
noise, drawn in training only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

HEADS = ((1, "tanh"), (4, "softmax"), (1, "tanh"), (3, "softmax"), (6, "softmax"))


class Residual(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.fc = nn.Linear(i, o)
        self.bn = nn.BatchNorm1d(o)
        self.relu = nn.ReLU()

    def forward(self, input_: Tensor) -> Tensor:
        out = self.fc(input_)
        out = self.bn(out)
        out = self.relu(out)
        return torch.cat([out, input_], dim=1)


class Generator(nn.Module):
    def __init__(
        self,
        embedding_dim: int = 24,
        conditions: int = 0,
        generator_dim: tuple[int, ...] = (32, 32),
        heads: tuple[tuple[int, str], ...] = HEADS,
    ) -> None:
        super().__init__()
        self.heads = heads
        dim = embedding_dim + conditions
        seq: list[nn.Module] = []
        for item in generator_dim:
            seq += [Residual(dim, item)]
            dim += item
        seq.append(nn.Linear(dim, sum(width for width, _ in heads)))
        self.seq = nn.Sequential(*seq)

    def forward(self, input_: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is not None:
            input_ = torch.cat([input_, condition], dim=1)
        data = self.seq(input_)
        return self._apply_activate(data)

    def _apply_activate(self, data: Tensor) -> Tensor:
        data_t = []
        st = 0
        for width, activation in self.heads:
            ed = st + width
            if activation == "tanh":
                data_t.append(torch.tanh(data[:, st:ed]))
            elif self.training:
                data_t.append(F.gumbel_softmax(data[:, st:ed], tau=0.2, hard=False))
            else:
                data_t.append(F.softmax(data[:, st:ed] / 0.2, dim=-1))
            st = ed
        return torch.cat(data_t, dim=1)
