"""Offline generation: many images into a folder, with a manifest that says how they were made."""

from .generate import generate as generate
