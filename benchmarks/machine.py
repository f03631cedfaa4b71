"""Names the machine and the versions that a run was made with."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """CPU model, cores, memory, system and Python."""
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def cores() -> int:
    """Return the number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Installed versions of those of `packages` that are there."""
    found = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def load() -> float | None:
    """Return the load average of the last minute; None where the system has none."""
    try:
        return round(os.getloadavg()[0], 2)
    except (AttributeError, OSError):
        return None


def too_busy(average: float | None) -> str | None:
    """Return a warning if others were using the machine, else None."""
    if average is None or average <= cores() / 2:
        return None
    return (
        f"load average {average} on {cores()} CPUs: others are using this machine, so trust the "
        "ratios before the times, and the CPU time before the clock"
    )


def _cpu_model() -> str:
    """Return the CPU's name: platform.processor() is empty or 'x86_64' on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    pairs = [line.partition(":") for line in lines]
    facts = {key.strip(): value.strip() for key, _, value in pairs}
    name = facts.get("model name") or platform.processor() or "unknown"
    numbers = [facts.get(key) for key in ("cpu family", "model", "stepping")]
    return f"{name} (family {'/'.join(map(str, numbers))})" if all(numbers) else name
