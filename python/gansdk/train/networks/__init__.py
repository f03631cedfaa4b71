"""Networks to train: pairs of a generator and a discriminator, each in one short file.

`ConvGenerator` and `ProjectionDiscriminator` are what the recipes train, the best start for small
images. `StyleGenerator` gives finer control of large ones; `ResNetGenerator` and `DCGANGenerator`
are the classics to compare with; `MLPGenerator` is for rows of a table; `UNetGenerator` with
`PatchDiscriminator` turns pictures into pictures. All export to every format.
"""

from .convolutional import ConvGenerator as ConvGenerator
from .convolutional import ProjectionDiscriminator as ProjectionDiscriminator
from .dcgan import DCGANDiscriminator as DCGANDiscriminator
from .dcgan import DCGANGenerator as DCGANGenerator
from .mlp import MLPDiscriminator as MLPDiscriminator
from .mlp import MLPGenerator as MLPGenerator
from .patch import PatchDiscriminator as PatchDiscriminator
from .resnet import ResNetDiscriminator as ResNetDiscriminator
from .resnet import ResNetGenerator as ResNetGenerator
from .style import StyleGenerator as StyleGenerator
from .unet import UNetGenerator as UNetGenerator
