"""SPADE, also called GauGAN (Park et al. 2019): a segmentation map decides the normalisation.

Traps: the label map arrives as a picture of one channel and becomes one-hot by `scatter_` into a
new tensor; edges by `|` into slices of a new tensor; spatially varying scale after a batch norm
without parameters; spectral norm.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import spectral_norm


class SPADE(nn.Module):
    def __init__(self, norm_nc: int, label_nc: int, nhidden: int = 8) -> None:
        super().__init__()
        self.param_free_norm = nn.BatchNorm2d(norm_nc, affine=False)
        self.mlp_shared = nn.Sequential(
            nn.Conv2d(label_nc, nhidden, kernel_size=3, padding=1), nn.ReLU()
        )
        self.mlp_gamma = nn.Conv2d(nhidden, norm_nc, kernel_size=3, padding=1)
        self.mlp_beta = nn.Conv2d(nhidden, norm_nc, kernel_size=3, padding=1)

    def forward(self, x: Tensor, segmap: Tensor) -> Tensor:
        normalized = self.param_free_norm(x)
        segmap = F.interpolate(segmap, size=x.size()[2:], mode="nearest")
        actv = self.mlp_shared(segmap)
        gamma = self.mlp_gamma(actv)
        beta = self.mlp_beta(actv)
        return normalized * (1 + gamma) + beta


class SPADEResnetBlock(nn.Module):
    def __init__(self, fin: int, fout: int, semantic_nc: int) -> None:
        super().__init__()
        self.learned_shortcut = fin != fout
        fmiddle = min(fin, fout)
        self.conv_0 = spectral_norm(nn.Conv2d(fin, fmiddle, kernel_size=3, padding=1))
        self.conv_1 = spectral_norm(nn.Conv2d(fmiddle, fout, kernel_size=3, padding=1))
        self.norm_0 = SPADE(fin, semantic_nc)
        self.norm_1 = SPADE(fmiddle, semantic_nc)
        if self.learned_shortcut:
            self.conv_s = spectral_norm(nn.Conv2d(fin, fout, kernel_size=1, bias=False))
            self.norm_s = SPADE(fin, semantic_nc)

    def forward(self, x: Tensor, seg: Tensor) -> Tensor:
        x_s = self.shortcut(x, seg)
        dx = self.conv_0(self.actvn(self.norm_0(x, seg)))
        dx = self.conv_1(self.actvn(self.norm_1(dx, seg)))
        return x_s + dx

    def shortcut(self, x: Tensor, seg: Tensor) -> Tensor:
        return self.conv_s(self.norm_s(x, seg)) if self.learned_shortcut else x

    def actvn(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, 2e-1)


class SPADEGenerator(nn.Module):
    def __init__(
        self, semantic_nc: int, nf: int = 4, z_dim: int = 16, size: int = 64, vae: bool = False
    ) -> None:
        super().__init__()
        self.nf, self.z_dim, self.use_vae = nf, z_dim, vae
        self.sw = self.sh = size // 2**4
        self.fc: nn.Module
        if vae:
            self.fc = nn.Linear(z_dim, 8 * nf * self.sw * self.sh)
        else:
            self.fc = nn.Conv2d(semantic_nc, 8 * nf, 3, padding=1)
        self.head_0 = SPADEResnetBlock(8 * nf, 8 * nf, semantic_nc)
        self.up_0 = SPADEResnetBlock(8 * nf, 4 * nf, semantic_nc)
        self.up_1 = SPADEResnetBlock(4 * nf, 2 * nf, semantic_nc)
        self.up_2 = SPADEResnetBlock(2 * nf, nf, semantic_nc)
        self.up_3 = SPADEResnetBlock(nf, nf, semantic_nc)
        self.conv_img = nn.Conv2d(nf, 3, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, input: Tensor, z: Tensor | None = None) -> Tensor:  # noqa: A002
        seg = input
        if self.use_vae:
            if z is None:
                z = torch.randn(input.size(0), self.z_dim, dtype=torch.float32)
            x = self.fc(z)
            x = x.view(-1, 8 * self.nf, self.sh, self.sw)
        else:
            x = F.interpolate(seg, size=(self.sh, self.sw))
            x = self.fc(x)
        x = self.head_0(x, seg)
        x = self.up_0(self.up(x), seg)
        x = self.up_1(self.up(x), seg)
        x = self.up_2(self.up(x), seg)
        x = self.up_3(self.up(x), seg)
        x = self.conv_img(F.leaky_relu(x, 2e-1))
        return torch.tanh(x)


class Pix2PixModel(nn.Module):
    """Takes label maps (N, 1, size, size) of 0 ... label_nc - 1, or 255 where it is not known."""

    def __init__(self, label_nc: int = 6, vae: bool = False, edges: bool = True) -> None:
        super().__init__()
        self.label_nc, self.edges = label_nc, edges
        self.netG = SPADEGenerator(label_nc + 1 + edges, vae=vae)

    def forward(self, label: Tensor, z: Tensor | None = None) -> Tensor:
        return self.netG(self.preprocess_input(label), z)

    def preprocess_input(self, label: Tensor) -> Tensor:
        label = torch.where(label == 255, self.label_nc, label)
        label_map = label.long()
        bs, _, h, w = label_map.size()
        input_label = torch.FloatTensor(bs, self.label_nc + 1, h, w).zero_()
        input_semantics = input_label.scatter_(1, label_map, 1.0)
        if self.edges:
            instance_edge_map = self.get_edges(label_map)
            input_semantics = torch.cat((input_semantics, instance_edge_map), dim=1)
        return input_semantics

    def get_edges(self, t: Tensor) -> Tensor:
        edge = torch.ByteTensor(t.size()).zero_()
        edge[:, :, :, 1:] = edge[:, :, :, 1:] | (t[:, :, :, 1:] != t[:, :, :, :-1])
        edge[:, :, :, :-1] = edge[:, :, :, :-1] | (t[:, :, :, 1:] != t[:, :, :, :-1])
        edge[:, :, 1:, :] = edge[:, :, 1:, :] | (t[:, :, 1:, :] != t[:, :, :-1, :])
        edge[:, :, :-1, :] = edge[:, :, :-1, :] | (t[:, :, 1:, :] != t[:, :, :-1, :])
        return edge.float()
