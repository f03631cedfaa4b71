"""Is a generator good? Numbers that tell, beside the controls that keep them honest."""

from .digits import load_digits as load_digits
from .report import Row as Row
from .report import compare_with_digits as compare_with_digits
