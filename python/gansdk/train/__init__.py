"""Training GANs in plain PyTorch: `Trainer` takes any pair of modules and any dataset."""

from .networks import ConvGenerator as ConvGenerator
from .networks import ProjectionDiscriminator as ProjectionDiscriminator
from .recipes import RECIPES as RECIPES
from .recipes import Recipe as Recipe
from .runs import Run as Run
from .runs import load_run as load_run
from .runs import set_threads as set_threads
from .runs import start_run as start_run
from .trainer import StepResult as StepResult
from .trainer import Trainer as Trainer
from .trainer import TrainerOptions as TrainerOptions
