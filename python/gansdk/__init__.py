"""gansdk: export a GAN once; sample it anywhere, exactly."""

from . import images as images
from . import latents as latents
from .errors import GansdkError as GansdkError
from .images.notebook import load_ipython_extension as load_ipython_extension
from .images.notebook import unload_ipython_extension as unload_ipython_extension
from .sampler import Sampler as Sampler
from .spec import GeneratorSpec as GeneratorSpec
from .spec import ImageInput as ImageInput
from .spec import Label as Label
from .spec import Latent as Latent
from .spec import Noise as Noise
from .spec import Output as Output
from .spec import Truncation as Truncation

__all__ = [
    "Sampler",
    "GeneratorSpec",
    "Latent",
    "Label",
    "Output",
    "GansdkError",
    "images",
    "latents",
]
