"""What a process has loaded: no torch in the runtime, nothing heavy at import."""

from __future__ import annotations

import subprocess
import sys


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_sampling_loads_no_torch() -> None:
    loaded = modules_after(
        "from gansdk import Sampler\nassert Sampler('digits').sample(1).shape == (1, 32, 32, 1)"
    )
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "onnx", "sklearn", "scipy", "PIL", "click", "rich"}


def test_importing_gansdk_loads_numpy_and_nothing_else_heavy() -> None:
    loaded = modules_after("import gansdk")
    third_party = loaded - set(sys.stdlib_module_names) - modules_after("import numpy")
    assert third_party == {"gansdk"}


def test_the_commands_that_sample_load_no_torch() -> None:
    loaded = modules_after(
        "import sys\nfrom gansdk.cli import main\nsys.argv = ['gansdk', 'info', 'digits']\n"
        "try: main()\nexcept SystemExit as e: assert e.code == 0"
    )
    assert "torch" not in loaded
