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

from qcompile.cli.session import Session, collected, counted, records
from qcompile.diagnostics import Code, CompileError, error

DONE, AT_FAULT, USAGE, NO_CLIENT, CLIENT_FAILED, OURS, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130


def guarded(command: click.Command, arguments: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    session = Session()
    with collected(session):
        return _invoked(command, arguments, session)


def _invoked(command: click.Command, arguments: Sequence[str], session: Session) -> int:
    try:
        with command.make_context("qcompile", list(arguments), obj=session) as context:
            command.invoke(context)
        session.print_warnings()
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        session.print_warnings()
        return leaving.exit_code
    except click.ClickException as fault:
        fault.show()
        return fault.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except CompileError as fault:
        return _report_diagnostics(fault, session)
    except BrokenPipeError:
        return _stop_writing()
    except OSError as fault:
        return _output_failed(fault)
    except Exception as fault:  # noqa: BLE001
        return _report_failure(fault, arguments)
    return DONE


def _report_diagnostics(fault: CompileError, session: Session) -> int:
    """As text on the standard error; with `--json` as an object on the standard output."""
    session.print_warnings()
    if session.as_json:
        found = records([*session.warnings, *fault.diagnostics])
        click.echo(json.dumps({"diagnostics": found}, indent=2))
    else:
        click.echo(str(fault), err=True)
        click.echo(f"\n{_more(fault)}", err=True)
    missing = any(diagnostic.code is Code.MISSING_CLIENT for diagnostic in fault.diagnostics)
    return NO_CLIENT if missing else AT_FAULT


def _more(fault: CompileError) -> str:
    codes = {diagnostic.code.id for diagnostic in fault.diagnostics}
    page = f"`qcompile explain {codes.pop() if len(codes) == 1 else 'CODE'}` says more"
    return page if len(fault.diagnostics) == 1 else f"{counted(len(fault.diagnostics), 'error')}; {page}"


def _stop_writing() -> int:
    """The reader of our output has had enough (`qcompile gates | head`): that is no fault of anyone's."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _output_failed(fault: OSError) -> int:
    place = f"`{fault.filename}`: " if fault.filename else ""
    _report_diagnostics(error(Code.UNWRITABLE, f"{place}{fault.strerror or fault}"), Session())
    _stop_writing()
    return AT_FAULT


def _report_failure(fault: Exception, arguments: Sequence[str]) -> int:
    clients = sys.modules.get("qcompile.targets.clients")  # without which no client can have failed
    if clients is None or not isinstance(fault, clients.ClientError):
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
