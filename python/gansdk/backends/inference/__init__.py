"""A guess of what a foreign file is, from what it declares and from what it does when run."""

from .guess import Finding as Finding
from .guess import Guess as Guess
from .guess import completed as completed
from .infer import infer as infer
