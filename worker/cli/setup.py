"""The commands that run before the roles do: topics and migrate."""

import argparse
import sys
from typing import Final

from worker.cli.subcommands import Subcommands
from worker.settings import Settings
from worker.store.migrations import migrate
from worker.topic import topics
from worker.topic.cluster import Cluster

DIFFERENCES: Final = 3


def add_to(commands: Subcommands) -> None:
    """Add both to the parser."""
    text = "create the topics, or verify that they are as the settings say (exit status 3 where they differ)"
    commands.add_parser("topics", help=text, description=text).set_defaults(role="topics", run=ensure_topics)
    text = "bring the database schema up to this release"
    commands.add_parser("migrate", help=text, description=text).set_defaults(role="migrate", run=migrate_schema)


async def ensure_topics(settings: Settings, _chosen: argparse.Namespace) -> int:
    """Create missing topics; name every difference of those that exist, and change none of them."""
    created, differences = await topics.ensure(Cluster.of(settings), topics.wanted(settings))
    for name in created:
        print(f"created {name}")
    for difference in differences:
        print(difference, file=sys.stderr)
    if differences:
        print("nothing was changed: alter the topics or the settings", file=sys.stderr)
        return DIFFERENCES
    if not created:
        print("all topics are as they should be")
    return 0


async def migrate_schema(settings: Settings, _chosen: argparse.Namespace) -> int:
    """Apply what is missing."""
    applied = await migrate(settings)
    for name in applied:
        print(f"applied {name}")
    if not applied:
        print("the schema is up to date")
    return 0
