"""Options under headings, for a command that has too many for one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class GroupedOption(click.Option):
    """An option that stands under a heading of its own."""

    def __init__(self, *words: Any, heading: str, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self.heading = heading


class GroupedCommand(click.Command):
    """A command whose help lists options by heading, in the order in which they were added."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list a heading, the options without one last."""
        lists: dict[str, list[tuple[str, str]]] = {}
        others: list[tuple[str, str]] = []
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                heading = getattr(option, "heading", None)
                (others if heading is None else lists.setdefault(heading, [])).append(record)
        for heading, records in [*lists.items(), ("Other options", others)]:
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def options_under(heading: str, *options: Callable[..., Any]) -> Callable[[F], F]:
    """Return a decorator that adds options under a heading; make each with `grouped`."""

    def add(function: F) -> F:
        for option in reversed(options):
            function = option(heading)(function)
        return function

    return add


def grouped(*words: str, **settings: Any) -> Callable[[str], Callable[[F], F]]:
    """Return an option, as `click.option` makes it, that still waits for its heading."""
    return lambda heading: click.option(*words, cls=GroupedOption, heading=heading, **settings)
