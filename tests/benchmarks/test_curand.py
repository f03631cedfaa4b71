"""cuRAND draws the same words: its own device source, compiled for the CPU."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "curand_philox.cu"
COMPILER = shutil.which("c++")
HEADERS = {
    "curand_kernel.h": "nvidia-curand-cu12",
    "cuda_runtime.h": "nvidia-cuda-runtime-cu12",
    "crt/host_config.h": "nvidia-cuda-nvcc-cu12",
    "nv/target": "nvidia-cuda-cccl-cu12",
}


def include_folders() -> list[str]:
    """The folders of NVIDIA's wheels that hold the headers."""
    folders = []
    for header, package in HEADERS.items():
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        depth = header.count("/")
        found = [f for f in files if str(f).endswith(f"/include/{header}")]
        folders += [str(Path(str(f.locate())).parents[depth]) for f in found]
    return folders


def compiled(folder: Path, core: Path) -> Path:
    program = folder / "curand_philox"
    includes = [f"-I{path}" for path in (core, *include_folders())]
    # CUDA's own headers warn.
    flags = ["-O2", "-std=c++20", "-ffp-contract=off", "-w", "-include", "cuda_runtime.h"]
    command = [str(COMPILER), "-x", "c++", *flags, *includes, str(PROGRAM), "-o", str(program)]
    subprocess.run(command, check=True)
    return program


@pytest.mark.slow
@pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="CUDA's headers are those of x86-64")
@pytest.mark.skipif(
    len(include_folders()) < len(HEADERS),
    reason=f"needs CUDA's headers: pip install --no-deps {' '.join(HEADERS.values())}",
)
def test_curand_gives_the_same_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(compiled(tmp_path, ROOT / "csrc")), "--host"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "words: 0 of 4000000 differ" in done.stdout
    assert "normals: 0 of 4000000 differ" in done.stdout

    # And the program can say no: nine rounds are not ten.
    core = tmp_path / "csrc"
    core.mkdir()
    for name in ("philox.h", "elementary.h"):
        text = (ROOT / "csrc" / name).read_text()
        (core / name).write_text(text.replace("round < 10", "round < 9"))
    done = subprocess.run([str(compiled(tmp_path, core)), "--host"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "words: 4000000 of 4000000 differ" in done.stdout
