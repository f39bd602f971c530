"""The commands that run until they are told to stop: ingress, consume, serve."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import structlog

from worker import wiring
from worker.attending import attended, health_port, traced
from worker.cli.subcommands import Subcommands
from worker.rotation import Rotation
from worker.settings import Settings
from worker.shutdown import stop_requested

ROLES: Final[Mapping[str, tuple[Callable[[wiring.Process], Awaitable[None]], str]]] = {
    "ingress": (wiring.ingress, "take signed webhooks and put them on the events topic"),
    "consume": (wiring.consume, "apply the rules and publish notifications: lanes and relay"),
    "lookup": (wiring.lookup, "ask Stripe what the rules want to know"),
    "serve": (wiring.serve, "all roles in one process"),
}


def add_to(commands: Subcommands) -> None:
    """Add the roles to the parser."""
    for name, (role, text) in ROLES.items():
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(role=name, run=partial(_run, role))


async def _run(
    role: Callable[[wiring.Process], Awaitable[None]], settings: Settings, chosen: argparse.Namespace
) -> int:
    log = structlog.get_logger()
    rotation = Rotation(chosen.role, settings, os.environ)
    process = wiring.Process(settings, stop_requested(settings.drain_seconds), rotation)
    log.info("role.started", role=chosen.command)
    rotating = asyncio.create_task(rotation.run())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(traced(chosen.command, os.environ))
        await stack.enter_async_context(attended(process.health))
        if chosen.command != "ingress":
            # The ingress's own port answers for its health.
            await stack.enter_async_context(health_port(process.health, settings))
        await role(process)
    rotating.cancel()
    log.info("role.stopped", role=chosen.command)
    return 0
