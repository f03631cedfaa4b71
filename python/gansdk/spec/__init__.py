"""GeneratorSpec: what a generator takes and gives, and where it came from.

The document lives inside the model file under the key `gansdk.spec` (ONNX `metadata_props`,
TorchScript `_extra_files`, torch.export `extra_files`), so a file alone is enough to sample from
it. To read one from a file, use `Sampler(path).spec`; to write one, hand it to
`gansdk.export.export`.
"""

from .generator import DISCRIMINATOR_METADATA_KEY as DISCRIMINATOR_METADATA_KEY
from .generator import FORMAT_VERSION as FORMAT_VERSION
from .generator import METADATA_KEY as METADATA_KEY
from .generator import Discriminator as Discriminator
from .generator import GeneratorSpec as GeneratorSpec
from .generator import Golden as Golden
from .inputs import Encoding as Encoding
from .inputs import Fit as Fit
from .inputs import ImageInput as ImageInput
from .inputs import Label as Label
from .inputs import Latent as Latent
from .inputs import Law as Law
from .inputs import Noise as Noise
from .inputs import Resample as Resample
from .inputs import Truncation as Truncation
from .output import Kind as Kind
from .output import Output as Output
