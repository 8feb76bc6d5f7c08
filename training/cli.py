"""``python -m training COMMAND``: everything about models, from photographs to an exported file."""

import typer

from service.engines.contract import ModelError
from training.commands.calibrate import calibrate
from training.commands.evaluate import evaluate
from training.commands.export import export
from training.commands.prepare import prepare
from training.commands.preview import preview
from training.commands.quantize import quantize
from training.commands.train import train
from training.errors import UserError

application = typer.Typer(
    help="""
    Train a model that detects anomalies in photographs of the retina, from normal photographs alone.

    From photographs to a served model:

    1. **prepare** checks a data set and prepares its photographs once, into a cache
    2. **preview** draws synthetic images to look at
    3. **train** trains both stages; if it is killed, the same command continues where it stopped
    4. **evaluate** measures a run or an exported model on photographs with known lesions
    5. **export** writes the model file that the service loads, and its card
    6. **quantize** writes the int8 variant of that model, for CPUs
    7. **calibrate** writes the profile of a camera beside the model, from normal photographs of it

    To reproduce the paper: **table** makes its tables on your data; **compare** draws a model beside a rival.
    """,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for command in (prepare, preview, train, evaluate, export, quantize, calibrate):
    application.command()(command)

_PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True}


@application.command(add_help_option=False, context_settings=_PASSED_ON)
def table(context: typer.Context) -> None:
    """Make one of the paper's tables on a data set: each row's figure beside the paper's."""
    _run_paper("table", context)


@application.command(add_help_option=False, context_settings=_PASSED_ON)
def compare(context: typer.Context) -> None:
    """Draw what a model and a rival see in the same photographs, and the curves of both."""
    _run_paper("compare", context)


def _run_paper(command: str, context: typer.Context) -> None:
    # Imported only here: a clinic's commands load no table and no rival.
    from training.paper.cli import application as paper

    paper([command, *context.args], prog_name="python -m training")


def main() -> None:
    """Run the command line; an error that the user can fix is one line without a traceback."""
    try:
        application(prog_name="python -m training")
    except (UserError, ModelError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from error
    except OSError as error:
        if error.filename is None:  # nothing that a user has named
            raise
        typer.echo(f"error: {error.strerror}: {error.filename}", err=True)
        raise SystemExit(1) from error
