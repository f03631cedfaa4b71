from __future__ import annotations

import re
import sys
from importlib import metadata

import pytest

from .conftest import Run

COMMANDS = ["sample", "walk", "generate", "info", "evaluate", "train", "export"]


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
