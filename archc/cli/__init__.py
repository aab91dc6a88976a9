"""The command line: one command a file, imported when it is called."""

from __future__ import annotations

import gc
import importlib
import sys

import click

from archc.cli.failures import run_guarded
from archc.version import __version__

COMMANDS = {
    "init": "start a spec",
    "validate": "check specs and say what is wrong with them, at the line",
    "build": "write PyTorch source, weights and an ONNX graph",
    "train": "train what a spec says, as its `train` section says",
    "report": "write a page about a run: curves, confusion, samples",
    "verify": "prove that PyTorch and ONNX agree",
    "gradcheck": "compare gradients with finite differences",
    "run": "run a built model in ONNX Runtime",
    "fmt": "lay specs out in one way",
    "weights": "show what is in a file of weights, and how it fits a model",
    "summary": "show layers, shapes, parameters and multiply-adds",
    "ops": "list the ops, or show one",
    "schema": "write the language as JSON Schema, for editors",
    "explain": "explain a diagnostic's code",
}


class CommandGroup(click.Group):
    """A group that knows its commands' names and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Give the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"archc.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was most likely meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from archc.source import did_you_mean

            hint = " ".join(did_you_mean(args[0], COMMANDS))
            raise click.UsageError(f"there is no command '{args[0]}'. {hint}".strip(), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=CommandGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="archc compiles neural networks declared in YAML to PyTorch source and ONNX.",
)
@click.version_option(__version__, "--version", "-V", prog_name="archc", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="show the traceback of a bug in archc")
def root(debug: bool) -> None:
    """Take the options that come before a command."""


def main() -> None:
    """Run the command line and exit with its code."""
    # A command makes many small objects that live until its end: looking for garbage among them is waste.
    gc.set_threshold(200_000, 20, 100)
    sys.exit(run_guarded(root, sys.argv[1:]))
