"""The command `nac`: its verbs, its global flags and what an exit status means."""

import logging
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from nac import __version__
from nac.cli import connectivity, data, designs, distill, files, front, kits, runs, tasks
from nac.cli.output import VERBOSITY, configure
from nac.cli.terminal import settle
from nac.errors import InterruptionError, NacError

logger = logging.getLogger(__name__)

GLOBAL_FLAGS = ("-v", "--verbose", "-q", "--quiet", "--trust")
EPILOG = """\
Exit status: 0 done, 1 the work failed, 2 the input was wrong. [bold]-v[/], [bold]-q[/] and
[bold]--trust[/] may also follow the verb.

[dim]nac run jets --preset demo --out runs/demo[/]

[dim]nac front runs/demo --where "bops<=50000" --best accuracy[/]

[dim]nac evaluate runs/demo/designs/NAME --data jets.npz --engine hls --json[/]

Installed as [bold]nac-codesign[/]: what pip calls nac is another project.
"""


class _Group(TyperGroup):
    """Turns Ctrl-C into an error with a sentence; typer itself would leave without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, RuntimeError) as error:
            if not _is_interruption(error):
                raise
            raise InterruptionError("interrupted; every file is either whole or not there") from error


def _is_interruption(error: BaseException) -> bool:
    """Whether Ctrl-C was the cause: while classes are made, Python 3.11 turns it into a RuntimeError."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, KeyboardInterrupt)


app = typer.Typer(
    name="nac",
    cls=_Group,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nac {__version__}")
        raise typer.Exit


@app.callback()
def _global(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more, with tracebacks of errors.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, errors only.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run the Python code that a run brings (own metrics), and remember it.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Neural architecture codesign: from physics data to networks and FPGA firmware that compute the same bits."""
    configure(verbose=verbose, quiet=quiet)
    if trust:
        from nac.tasks.own import TRUST

        TRUST.everything = True


RUN, INSPECT, CHECK = "Search and build", "Look at results", "Check and prepare"

app.command(rich_help_panel=RUN, epilog=runs.RUN_EXAMPLES)(runs.run)
app.command(rich_help_panel=RUN, epilog=runs.SEARCH_EXAMPLES)(runs.search)
app.command(rich_help_panel=RUN, epilog=runs.WORKER_EXAMPLES)(runs.worker)
app.command(rich_help_panel=RUN, epilog=runs.COMPRESS_EXAMPLES)(runs.compress)
app.command(rich_help_panel=RUN, epilog=designs.SYNTH_EXAMPLES)(designs.synth)
app.command(rich_help_panel=RUN, epilog=kits.EXPORT_EXAMPLES)(kits.export)
app.command(rich_help_panel=CHECK, epilog=kits.VERIFY_EXAMPLES)(kits.verify)
app.command(rich_help_panel=RUN, epilog=designs.CONVERT_EXAMPLES)(designs.convert)
app.command(rich_help_panel=INSPECT, epilog=front.FRONT_EXAMPLES)(front.front)
app.command(rich_help_panel=INSPECT, epilog=designs.EVALUATE_EXAMPLES)(designs.evaluate)
app.command(rich_help_panel=INSPECT, epilog=runs.STATUS_EXAMPLES)(runs.status)
app.command(rich_help_panel=INSPECT, epilog=runs.REPORT_EXAMPLES)(runs.report)
app.command(rich_help_panel=CHECK, epilog=files.CHECK_EXAMPLES)(files.check)
app.command(rich_help_panel=CHECK, epilog=files.COST_EXAMPLES)(files.cost)
app.command(rich_help_panel=INSPECT, epilog=connectivity.CONNECTIVITY_EXAMPLES)(connectivity.connectivity)
app.command(rich_help_panel=CHECK, epilog=distill.DISTILL_EXAMPLES)(distill.distill)
app.command(rich_help_panel=CHECK, epilog=files.REFIT_EXAMPLES)(files.refit)
app.add_typer(data.app, name="data", rich_help_panel=CHECK)
app.command(rich_help_panel=CHECK, epilog=tasks.INIT_EXAMPLES)(tasks.init)
app.add_typer(tasks.app, name="task", rich_help_panel=CHECK)
app.command(rich_help_panel=CHECK)(files.doctor)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit status."""
    settle()
    arguments = _flags_first(sys.argv[1:] if argv is None else argv)
    sys.excepthook = _unexpected
    try:
        typer.main.get_command(app).main(args=arguments, prog_name="nac")
    except NacError as error:
        _leave(error, str(error), error.exit_status)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else "while a file was written or read: "
        _leave(error, f"{where}{error.strerror or error}", 1)
    raise SystemExit(0)


def _flags_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the global flags in front, wherever they stood before a `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    flags = [word for word in arguments[:end] if word in GLOBAL_FLAGS]
    return [*flags, *(word for word in arguments[:end] if word not in GLOBAL_FLAGS), *arguments[end:]]


def _leave(error: Exception, text: str, status: int) -> NoReturn:
    if VERBOSITY.verbose:
        logger.debug("traceback of the error below", exc_info=error)
    typer.echo(typer.style("error: ", fg="red") + text, err=True)
    raise SystemExit(status)


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What no code expected: a bug, or a machine out of memory. Python leaves with status 1 after this."""
    if issubclass(kind, KeyboardInterrupt):
        typer.echo("error: interrupted", err=True)
        return
    if VERBOSITY.verbose:
        logger.debug("traceback of the error below", exc_info=(kind, error, trace))
    hint = "" if VERBOSITY.verbose else " (--verbose shows where)"
    typer.echo(f"error: unexpected {kind.__name__}: {error}{hint}", err=True)
