"""The options of commands that take weights from files."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from archc.source import Record

_Function = TypeVar("_Function", bound=Callable[..., Any])


class WeightsOptions(Record):
    """Weights to take, the map of their keys, and what may differ."""

    path: Path | None
    map: Path | None
    partial: bool
    convert_dtype: bool


def map_option(function: _Function) -> _Function:
    """Add `--map FILE`; the command gets a path `key_map`."""
    return click.option(
        "--map",
        "key_map",
        type=click.Path(path_type=Path),
        help="a file of steps from its keys to the model's",
    )(function)


def weights_options(function: _Function) -> _Function:
    """Add `--weights` and what goes with it; the command gets WeightsOptions `weights`."""

    def collect(**given: Any) -> Any:
        chosen = WeightsOptions(
            given.pop("weights"), given.pop("key_map"), given.pop("partial"), given.pop("convert_dtype")
        )
        if chosen.path is None and chosen != WeightsOptions(None, None, False, False):
            raise click.UsageError("--map, --partial and --convert-dtype go with --weights")
        return function(weights=chosen, **given)

    functools.update_wrapper(collect, function)
    for option in (
        click.option("--convert-dtype", is_flag=True, help="convert elements: floats of another width"),
        click.option("--partial", is_flag=True, help="leave what the weights lack at its initial value"),
        map_option,
        click.option(
            "--weights", type=click.Path(path_type=Path), help="safetensors, .pt, index, folder or run"
        ),
    ):
        collect = option(collect)
    return collect  # type: ignore[return-value]
