"""The random words before foreign judges: batteries of TestU01 and of dieharder.

What is judged, how often and by which threshold is in docs/statistics.md. TestU01's rule is ours:
its batteries print p-values. dieharder resolves its own doubts (`-Y 1`): a weak result gets more
samples until it passes or fails.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BATTERIES = Path(__file__).parents[1] / "batteries"
sys.path.insert(0, str(BATTERIES))
import source  # noqa: E402

sys.path.pop(0)

pytestmark = pytest.mark.slow
LOG = logging.getLogger(__name__)  # `pytest -m slow --log-cli-level=INFO` shows what was judged

# Each statistic has two tails. Beyond FAILED a generator is out; between the two the battery is
# repeated on RETRIES other seeds, and the same statistic must not be doubtful in any of them.
# L'Ecuyer and Simard, ACM TOMS 33, 2007, call p < 1e-10 a clear failure.
FAILED, DOUBTFUL = 1e-10, 1e-4
RETRIES = [2**32 - 4096, 2**64 - 8192]

CRUSHES = [["smallcrush"], ["reversed"], ["rabbit", str(2**24)], ["alphabit", str(2**28)]]

# Left out: 5, 6, 7 and 14, which dieharder itself calls suspect or not to be used; 17 and 204,
# either of which takes half as long as all the others. 203 sums words at a distance.
PLAIN = [0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 15, 16, 100, 101, 102, 205, 206, 207, 208, 209]
TUPLES = [(200, n) for n in (1, 2, 3, 4, 6, 8, 12)] + [(201, n) for n in (2, 3, 4, 5)]
TUPLES += [(202, n) for n in (2, 3, 4, 5)] + [(203, n) for n in (3, 7)]
DIEHARDER = [["-d", str(d)] for d in PLAIN] + [["-d", str(d), "-n", str(n)] for d, n in TUPLES]


def judged(commands: list[list[str]], arrangement: str, seed: int) -> tuple[str, int]:
    """Give one pipe of words to each command in turn; return what they said and the bytes."""
    with subprocess.Popen(
        [sys.executable, str(BATTERIES / "source.py"), arrangement, str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as words:
        assert words.stdout is not None
        assert words.stderr is not None
        said = ""
        for command in commands:
            run = subprocess.run(command, stdin=words.stdout, capture_output=True, text=True)
            assert run.returncode == 0, f"{command}: {run.stdout}{run.stderr}"
            said += run.stdout
        words.stdout.close()
        return said, int(words.stderr.read())


def p_values(said: str) -> dict[str, float]:
    found = re.findall(r"^p = (\S+) (.*)$", said, re.MULTILINE)
    return {f"{i} {name}": float(p) for i, (p, name) in enumerate(found)}


def beyond(p: dict[str, float], bound: float) -> dict[str, float]:
    return {name: v for name, v in p.items() if not bound <= v <= 1 - bound}


@pytest.fixture(scope="module")
def crush(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("crush")
    libraries = ["-ltestu01", "-ltestu01probdist", "-ltestu01mylib", "-lm"]
    (folder / "probe.c").write_text("#include <testu01/bbattery.h>\nint main(void) { return 0; }\n")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install one to run TestU01 (apt install build-essential)")
    probe = [compiler, str(folder / "probe.c"), "-o", str(folder / "probe"), *libraries]
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("TestU01 is not installed: apt install libtestu01-0-dev (Debian's non-free)")
    program = str(folder / "crush")
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]
    command = [compiler, *flags, str(BATTERIES / "crush.c"), "-o", program, *libraries]
    subprocess.run(command, check=True)
    return program


@pytest.fixture(scope="module")
def dieharder() -> str:
    program = shutil.which("dieharder")
    if program is None:
        pytest.skip("dieharder is not installed: apt install dieharder")
    return program


@pytest.mark.parametrize("battery", CRUSHES, ids=lambda battery: battery[0])
@pytest.mark.parametrize("arrangement", source.ARRANGEMENTS)
def test_testu01(crush: str, arrangement: str, battery: list[str]) -> None:
    said, count = judged([[crush, *battery]], arrangement, 0)
    p = p_values(said)
    assert len(p) >= 15
    doubtful = beyond(p, DOUBTFUL)
    LOG.info("%s: %d statistics, %d bytes, doubtful: %s", battery[0], len(p), count, doubtful)
    assert not beyond(p, FAILED)
    for seed in RETRIES if doubtful else []:
        again = beyond(p_values(judged([[crush, *battery]], arrangement, seed)[0]), DOUBTFUL)
        assert not doubtful.keys() & again.keys()
        assert not beyond(again, FAILED)


@pytest.mark.parametrize("arrangement", source.ARRANGEMENTS)
def test_dieharder(dieharder: str, arrangement: str) -> None:
    commands = [[dieharder, "-g", "200", "-k", "2", "-Y", "1", *test] for test in DIEHARDER]
    said, count = judged(commands, arrangement, 0)
    verdicts = re.findall(r"\|\s*(PASSED|WEAK|FAILED)\s*$", said, re.MULTILINE)
    weak = verdicts.count("WEAK")
    # A weak result comes again, with more samples: there are more verdicts than statistics.
    LOG.info("dieharder: %d verdicts, %d bytes, weak: %d", len(verdicts), count, weak)
    assert len(verdicts) >= len(DIEHARDER)
    assert "FAILED" not in verdicts, said


def weyl(words: int) -> bytes:
    """Multiples of an odd constant modulo 2^32: equidistributed, and nothing else."""
    return (np.arange(words, dtype=np.uint64) * np.uint64(2654435769)).astype(np.uint32).tobytes()


def test_testu01_catches_multiples(crush: str, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(weyl(2**24))
    with (tmp_path / "words").open("rb") as words:
        run = subprocess.run(
            [crush, "alphabit", str(2**24)], stdin=words, capture_output=True, text=True, check=True
        )
    assert beyond(p_values(run.stdout), FAILED)


def test_dieharder_catches_multiples(dieharder: str, tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(weyl(2**26))
    with (tmp_path / "words").open("rb") as words:
        run = subprocess.run(
            [dieharder, "-g", "200", "-d", "15"], stdin=words, capture_output=True, text=True
        )
    assert "FAILED" in run.stdout
