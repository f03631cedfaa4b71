"""The command `gansdk`: which commands there are, and how errors leave it."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from typing import Any, NoReturn

from ..errors import GansdkError

# Each command in the file of its name, imported when it is called: `gansdk sample` never pays for
# torch, and `gansdk --help` for nothing.
_COMMANDS = {
    "sample": "Sample a grid of images from a model into one picture.",
    "translate": "Translate pictures by a model that starts from pictures.",
    "walk": "Walk through latents from seed to seed, as a film or a film strip.",
    "generate": "Generate a folder of images with a manifest.",
    "info": "Show what a model takes and gives, and where it came from.",
    "adopt": "Write a copy of a foreign ONNX file that says what it takes and gives.",
    "evaluate": "Judge a model by real data it never saw.",
    "train": "Train a GAN.",
    "export": "Export a generator to ONNX, TorchScript and torch.export, proven equal.",
}
USAGE_ERROR = 2
INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line; exit code 0, 2 for bad input or a failed command, 130 for Ctrl-C."""
    try:
        import click
        import rich  # noqa: F401 - asked for here, so that its absence is told as plainly
    except ImportError as error:
        _fail(f"the command line needs {error.name}: pip install 'gansdk[cli]'")
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show must not fail a command after its work.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _group().main(prog_name="gansdk", standalone_mode=False)
        sys.stdout.flush()  # or what fails only then would be told by Python, after the exit code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = USAGE_ERROR
    except click.ClickException as error:
        hint = ""
        if isinstance(error, click.UsageError) and error.ctx is not None:
            hint = f" (see {error.ctx.command_path} --help)"
        _fail(" ".join(error.format_message().split()) + hint)
    except GansdkError as error:
        _fail(str(error))
    except MemoryError:
        _fail("out of memory: ask for fewer images, or a smaller --batch-size")
    except OSError as error:
        # What writes files raises OutputError: here the terminal or a pipe is full or gone, and
        # what is still to be written there would fail once more at the exit.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"a file or the output cannot be read or written: {error.strerror or error}")
    except (KeyboardInterrupt, click.Abort):
        print("gansdk: interrupted", file=sys.stderr)  # noqa: T201
        code = INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> NoReturn:
    # File names may hold anything, a line feed or what moves a terminal's cursor.
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
    print(f"gansdk: error: {line}", file=sys.stderr)  # noqa: T201
    sys.exit(USAGE_ERROR)


def _group() -> Any:
    import click

    class LazyGroup(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            return list(_COMMANDS)

        def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
            if name not in _COMMANDS:
                return None
            module = importlib.import_module(f"gansdk.cli.{name}")
            command: click.Command = module.command
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            with formatter.section("Commands"):
                formatter.write_dl(list(_COMMANDS.items()))

    epilog = """\b
Examples:
  gansdk sample digits -n 100 --seed 7 -o digits.png
  gansdk generate digits -n 1000 --seed 7 --out dataset/
  gansdk train digits --out run/
  gansdk export run/ --out model/
"""
    group = LazyGroup(
        "gansdk",
        help="Export a GAN once; sample it anywhere, exactly.",
        epilog=epilog,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    return click.version_option(package_name="gansdk", prog_name="gansdk")(group)
