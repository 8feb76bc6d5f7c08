"""The command line that reproduces the paper: ``table`` and ``compare``."""

import typer

from training.paper.commands.compare import compare
from training.paper.commands.table import table

application = typer.Typer(add_completion=False, rich_markup_mode="markdown", pretty_exceptions_enable=False)
for command in (table, compare):
    application.command()(command)
