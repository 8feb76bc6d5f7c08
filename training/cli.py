"""``python -m training COMMAND``: everything about models, from photographs to an exported file."""

import typer

from service.engines.contract import ModelError
from training.commands.calibrate import calibrate
from training.commands.compare import compare
from training.commands.evaluate import evaluate
from training.commands.export import export
from training.commands.prepare import prepare
from training.commands.preview import preview
from training.commands.quantize import quantize
from training.commands.table import table
from training.commands.train import train
from training.data.records import DataError
from training.export.parity import ParityError
from training.overrides import OverrideError
from training.paper.rivals import RivalError
from training.paper.tables.folders import TableError
from training.run import RunError

application = typer.Typer(
    help="""
    Train a model that finds what is not normal in a photograph of a retina, from normal photographs alone.

    The way from photographs to a served model:

    1. **prepare** checks a data set and prepares its photographs once, into a cache
    2. **preview** draws synthetic images to look at
    3. **train** trains both stages; killed, the same command goes on where it stopped
    4. **evaluate** measures a run or an exported model on photographs with known lesions
    5. **export** writes the model file that the service loads, and its card
    6. **quantize** writes that model's twin in integers, for CPUs
    7. **calibrate** writes the profile of a camera beside the model, from normal photographs of it

    **table** makes the paper's tables on your data; **compare** draws a model beside a rival.
    """,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for command in (prepare, preview, train, evaluate, export, quantize, calibrate, table, compare):
    application.command()(command)


def main() -> None:
    """Run the command line; what a user can put right is said in a line, without a traceback."""
    try:
        application(prog_name="python -m training")
    except (DataError, ModelError, OverrideError, ParityError, RivalError, RunError, TableError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from error
