"""What becomes of a fault: diagnostics for the user's, one line and a report file for ours, and the exit code."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Sequence

import click

from qcompile.diagnostics import Code, CompileError, error

DONE, AT_FAULT, USAGE, NO_CLIENT, CLIENT_FAILED, OURS, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130
AS_JSON = "as_json"


def guarded(command: click.Command, arguments: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    notes: dict[str, bool] = {}
    try:
        with command.make_context("qcompile", list(arguments), obj=notes) as context:
            command.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CompileError as fault:
        return _report_diagnostics(fault, notes.get(AS_JSON, False))
    except BrokenPipeError:
        return _stop_writing()
    except OSError as fault:
        return _output_failed(fault)
    except Exception as fault:  # noqa: BLE001
        return _report_failure(fault, arguments)
    return DONE


def _report_diagnostics(fault: CompileError, as_json: bool = False) -> int:
    """As text on the standard error; with `--json` as an object on the standard output."""
    if as_json:
        click.echo(json.dumps({"diagnostics": [diagnostic.record() for diagnostic in fault.diagnostics]}, indent=2))
    else:
        click.echo(str(fault), err=True)
    missing = any(diagnostic.code is Code.MISSING_CLIENT for diagnostic in fault.diagnostics)
    return NO_CLIENT if missing else AT_FAULT


def _stop_writing() -> int:
    """The reader of our output has had enough (`qcompile gates | head`): that is no fault of anyone's."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _output_failed(fault: OSError) -> int:
    place = f"`{fault.filename}`: " if fault.filename else ""
    _report_diagnostics(error(Code.UNWRITABLE, f"{place}{fault.strerror or fault}"))
    _stop_writing()
    return AT_FAULT


def _report_failure(fault: Exception, arguments: Sequence[str]) -> int:
    from qcompile.targets.clients import ClientError

    if not isinstance(fault, ClientError):
        return _report_our_fault(fault, arguments)
    click.echo(f"client failed: {fault}", err=True)
    return CLIENT_FAILED


def _report_our_fault(fault: Exception, arguments: Sequence[str]) -> int:
    from qcompile import __version__

    lines = [
        f"qcompile {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"arguments: {list(arguments)!r}",
        "",
        *traceback.format_exception(fault),
    ]
    what = str(fault).partition("\n")[0] or type(fault).__name__
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="qcompile-report-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write("\n".join(lines))
        place = f"; report: {file.name}"
    except OSError:
        place = "; no report could be written"
    click.echo(f"internal error: {what} (a fault of qcompile, not of your program){place}", err=True)
    return OURS
