"""The command line: `gansdk COMMAND --help`."""

from .main import main as main
