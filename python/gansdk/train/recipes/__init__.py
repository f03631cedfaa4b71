"""What `gansdk train NAME` can train; one file a recipe."""

from .digits import DIGITS
from .recipe import Recipe as Recipe

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (DIGITS,)}
