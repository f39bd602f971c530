"""The command that answers "what happened to this account?"."""

from worker.cli.subcommands import Subcommands


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
