from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from .conftest import Run

COMMANDS = ["sample", "translate", "walk", "generate", "info", "evaluate", "train", "export"]


def test_help_lists_the_commands_with_examples_to_copy(gansdk: Run) -> None:
    done = gansdk("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert "gansdk sample digits -n 100 --seed 7 -o digits.png" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(gansdk: Run, command: str) -> None:
    done = gansdk(command, "--help")
    assert done.returncode == 0
    assert f"Usage: gansdk {command}" in done.stdout
    examples = done.stdout.split("Examples:")[1].strip().splitlines()
    assert all(line.strip().startswith(f"gansdk {command} ") for line in examples)
    known = set(re.findall(r"--[a-z-]+", done.stdout.split("Examples:")[0]))
    assert set(re.findall(r"--[a-z-]+", " ".join(examples))) <= known


def test_no_command_shows_the_help_and_fails(gansdk: Run) -> None:
    done = gansdk()
    assert done.returncode == 2
    assert "Usage: gansdk" in done.stdout + done.stderr


def test_version(gansdk: Run) -> None:
    assert gansdk("--version").stdout == f"gansdk, version {metadata.version('gansdk')}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["smaple"], "No such command 'smaple'"),
        (["sample"], "Missing argument 'MODEL'. (see gansdk sample --help)"),
        (["sample", "digits", "--nope"], "--nope"),
        (["sample", "digits", "-n", "many"], "'many' is not a valid integer"),
        (["generate", "digits", "--out", "x"], "Missing option '-n'"),
        (["evaluate", "digits", "--real", "faces"], "'faces' is not"),
    ],
)
def test_usage_errors_are_one_line(refused, words: list[str], message: str) -> None:  # type: ignore[no-untyped-def]
    assert message in refused(*words)


def test_without_click_it_says_what_to_install(monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    from gansdk.cli import main

    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "pip install 'gansdk[cli]'" in capsys.readouterr().err


def test_a_name_of_two_lines_is_told_in_one(refused) -> None:  # type: ignore[no-untyped-def]
    assert r"a\n\x1b[2Jb.zzz: the suffix" in refused("sample", "digits", "-o", "a\n\x1b[2Jb.zzz")


def test_names_that_the_output_cannot_show_are_escaped(gansdk: Run) -> None:
    for encoding in ("ascii", "utf-8:strict"):
        env = {"PYTHONIOENCODING": encoding, "LC_ALL": "C.UTF-8"}
        done = gansdk("sample", "digits", "-n", "1", "-o", "é\udcff.png", "--force", **env)
        assert (done.returncode, done.stderr) == (0, "")
        assert "1 image of digits" in done.stdout
        done = gansdk("info", "é\udcff.png", **env)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["info", "digits"], ["sample", "digits", "-n", "1"]])
def test_a_full_output_is_an_error_of_one_line(
    tmp_path: Path, words: list[str], unbuffered: str
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from gansdk.cli import main; main()", *words],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 2
    assert done.stderr.startswith("gansdk: error: ")
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr
