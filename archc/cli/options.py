"""The options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from archc.source import Record
from archc.source.render import FORMATS
from archc.spec.limits import Limits

SEED = click.IntRange(0, 2**62)
"""The type of `--seed`: what a spec may say, and torch takes."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class SpecOptions(Record):
    """How to read specs and show what is wrong with them."""

    parameters: dict[str, object]
    variant: str | None
    strict: bool
    allow: tuple[str, ...]
    form: str
    color: str
    limits: Limits


def spec_options(
    forms: tuple[str, ...] = FORMATS,
) -> Callable[[_Function], _Function]:
    """Add the options of SpecOptions to a command; it gets them as one argument `options`."""

    def decorate(function: _Function) -> _Function:
        def collect(**given: Any) -> Any:
            given["options"] = SpecOptions(
                _parameters(given.pop("parameter")),
                given.pop("variant"),
                given.pop("strict"),
                given.pop("allow"),
                given.pop("diagnostic_format"),
                given.pop("color"),
                Limits(text_bytes=given.pop("max_bytes"), layers=given.pop("max_layers")),
            )
            return function(**given)

        collect.__name__, collect.__doc__ = function.__name__, function.__doc__
        defaults = Limits()
        for option in (
            click.option("--max-layers", type=click.IntRange(1), default=defaults.layers, hidden=True),
            click.option("--max-bytes", type=click.IntRange(1), default=defaults.text_bytes, hidden=True),
            click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto"),
            click.option(
                "--format" if forms is FORMATS else "--diagnostic-format",
                "diagnostic_format",
                type=click.Choice(forms),
                default="full",
                help="how diagnostics are shown",
            ),
            click.option("--allow", multiple=True, metavar="CODE", help="let a warning pass (repeatable)"),
            click.option("--strict", is_flag=True, help="warnings are errors"),
            click.option("--variant", metavar="NAME", help="a variant of the spec, or `all`"),
            click.option(
                "-p", "--parameter", multiple=True, metavar="NAME=VALUE", help="set a parameter (repeatable)"
            ),
        ):
            collect = option(collect)
        return collect  # type: ignore[return-value]

    return decorate


def _parameters(pairs: tuple[str, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"-p takes NAME=VALUE, not '{pair}'")
        found[name] = value
    return found


def preprocess_option(function: _Function) -> _Function:
    """Add `--with-preprocess`; the command gets a flag `with_preprocess`."""
    help_ = "put the preparation of data (`data: layers:`) in front of the models"
    return click.option("--with-preprocess", is_flag=True, help=help_)(function)


def dims_option(function: _Function) -> _Function:
    """Add `--dim NAME=SIZE`, repeatable; the command gets a dict `dims`."""
    return click.option(
        "--dim",
        "dims",
        multiple=True,
        metavar="NAME=SIZE",
        callback=_dims,
        help="put a number in place of a symbolic size (repeatable)",
    )(function)


def without_option(function: _Function) -> _Function:
    """Add `--without`."""
    return click.option(
        "--without",
        "left_out",
        multiple=True,
        metavar="INPUT",
        help="leave an optional input out (repeatable)",
    )(function)


def _dims(_context: click.Context, _option: click.Parameter, pairs: tuple[str, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for pair in pairs:
        name, _, size = pair.partition("=")
        if not name.isidentifier() or not size.isdecimal() or not 0 < int(size) < 2**31:
            raise click.BadParameter(f"takes NAME=SIZE with a size from 1, not '{pair}'")
        found[name] = int(size)
    return found
