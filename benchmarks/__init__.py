"""Benchmarks: each measures gansdk beside named peers in one process, answers checked first.

Run one from the root of the repository: `python -m benchmarks.latents --help`. docs/performance.md
says what is compared and how.
"""
