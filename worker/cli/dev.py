"""The command that runs everything on one machine."""

import argparse

from worker.cli.subcommands import Subcommands


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""


def run(chosen: argparse.Namespace) -> int:
    """Run."""
    raise NotImplementedError
