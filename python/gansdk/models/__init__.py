"""Finding a model: a file, a folder that export wrote, or a bundled model's name."""

from .locate import bundled as bundled
from .locate import locate as locate
