"""Where in the user's module a node came from, in words for an error."""

from __future__ import annotations

from torch import fx

from ..graphs import layer_of


def place_of(node: fx.Node) -> str:
    """Return "layer 'a.b'", or "the module's own forward" where no layer of it made the node."""
    layer = layer_of(node)
    return f"layer {layer!r}" if layer else "the module's own forward"
