"""Between a network's floats and pictures.

What to use when: `to_uint8` for a batch of a generator's outputs, `from_uint8` for the way back,
`grid` for one picture of many, `montage` for walks as film strips, `save` and `encode` for files,
`encode_batch` for many on all cores, `Recipe` and `read_recipe` for how a picture was made,
`save_animation` and `encode_animation` for films, `to_pil` for other libraries. Batches of pictures
are uint8 of shape (n, height, width, channels) throughout; some formats hold uint16 too.
"""

from .animation import encode_animation as encode_animation
from .animation import save_animation as save_animation
from .batch import encode_batch as encode_batch
from .conversion import from_uint8 as from_uint8
from .conversion import to_uint8 as to_uint8
from .conversion import to_uint16 as to_uint16
from .encoding import encode as encode
from .files import check_target as check_target
from .files import save as save
from .layout import grid as grid
from .layout import montage as montage
from .metadata import read_recipe as read_recipe
from .pil import to_pil as to_pil
from .recipe import Recipe as Recipe

__all__ = [
    "Recipe",
    "check_target",
    "encode",
    "encode_animation",
    "encode_batch",
    "from_uint8",
    "grid",
    "montage",
    "read_recipe",
    "save",
    "save_animation",
    "to_pil",
    "to_uint16",
    "to_uint8",
]
