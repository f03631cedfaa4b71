"""What runs the network: ONNX Runtime, or torch where it was asked for."""

from .backend import Backend as Backend
from .backend import Tensor as Tensor
from .backend import open_backend as open_backend
from .describe import batch_of as batch_of
from .describe import is_foreign as is_foreign
from .describe import spec_of as spec_of
