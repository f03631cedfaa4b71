"""From a PyTorch generator to files that describe themselves and are proven equal to it."""

from .export import export as export
from .report import Difference as Difference
from .report import ExportReport as ExportReport
