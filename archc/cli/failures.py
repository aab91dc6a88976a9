"""What ends a command: exit codes, and what is shown for each.

0 done, 1 the spec is wrong, 2 usage, 3 files or disk, 4 a limit, 5 verification or weights disagree,
70 a bug in archc, 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from archc.source import SpecError
from archc.version import __version__

DATA_CODES = ("E1030", "E1031", "E1033", "E1040", "E1041", "E1054", "E1060", "E1061")
"""Codes of training that are about files: data, and folders of runs."""
WRONG_SPEC, USAGE, FILES, LIMIT, DISAGREES, BUG, INTERRUPTED = 1, 2, 3, 4, 5, 70, 130


def run_guarded(command: click.Command, arguments: list[str]) -> int:
    """Run a command; give the exit code. Nothing but `--debug` lets a traceback through."""
    try:
        result = command.main(arguments, prog_name="archc", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SpecError as error:
        from archc.cli.diagnostics import show

        show(error.diagnostics)
        return exit_code(error.diagnostics)
    except OSError as error:
        place = f"`{error.filename}`: " if error.filename else ""
        click.echo(f"error[E0901]: {place}{(error.strerror or str(error)).lower()}", err=True)
        return FILES
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _report_absent(error) or _report_bug(arguments)


def exit_code(diagnostics: object) -> int:
    """Give the exit code that diagnostics ask for: that of the first error."""
    codes = [each.code for each in diagnostics if each.severity == "error"]  # type: ignore[attr-defined]
    if not codes:
        return 0
    if codes[0] in DATA_CODES:
        return FILES
    return {"E09": FILES, "E08": LIMIT}.get(codes[0][:3], WRONG_SPEC)


def _report_absent(error: Exception) -> int:
    """Report a package that archc depends on and that was removed; give 0 for anything else."""
    name = (getattr(error, "name", None) or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or name in ("", "archc"):
        return 0
    click.echo(f"error[E1033]: archc needs a package that is not installed: {name}", err=True)
    click.echo('help: pip install "archc"', err=True)
    return FILES


def _report_bug(arguments: list[str]) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="archc-bug-", suffix=".txt", delete=False) as report:
        report.write(f"archc {__version__}, Python {sys.version}\narchc {' '.join(arguments)}\n\n")
        report.write(traceback.format_exc())
    click.echo(f"archc has a bug: please report it with {report.name} (or run `archc --debug ...`)", err=True)
    return BUG
