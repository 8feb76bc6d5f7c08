"""Where commands write what a person reads."""

from rich.console import Console

console = Console()
