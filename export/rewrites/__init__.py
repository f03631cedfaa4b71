"""Rewrites of a captured program: what PyTorch's exporters cannot do, one file each."""
