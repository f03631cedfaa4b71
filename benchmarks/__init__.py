"""Benchmarks: each measures gansdk beside named peers in one process, answers checked first.

Run one from the root of the repository: `python -m benchmarks.latents --help`, or `.images`.
docs/performance.md and docs/image_performance.md say what is compared and how.
"""
