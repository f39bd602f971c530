"""The command that plays Stripe: signed webhooks of a simulated world, disordered and repeated."""

import argparse
import sys

from worker.cli.subcommands import Subcommands
from worker.settings import Settings
from worker.simulator.deliveries import Courier
from worker.simulator.disorder import disordered
from worker.simulator.losses import losing
from worker.simulator.world import World


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
    text = "play Stripe: deliver the webhooks of a simulated world to an ingress"
    command = commands.add_parser("simulate", help=text, description=text)
    command.add_argument("--url", default="http://127.0.0.1:8080/webhooks/stripe", help="where to (%(default)s)")
    command.add_argument("--accounts", type=int, default=20, help="how many accounts (%(default)s)")
    command.add_argument("--seed", type=int, default=1, help="the same seed, the same world (%(default)s)")
    command.add_argument(
        "--drop", type=_share, default=0.0, metavar="SHARE", help="webhooks that never come (0.05: 5 %%)"
    )
    command.set_defaults(role="simulate", run=simulate)


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share is from 0 to 1")
    return share


async def simulate(settings: Settings, chosen: argparse.Namespace) -> int:
    """Deliver every event of the world that is not dropped until it is accepted; 1 where some never were."""
    world = World(seed=chosen.seed, accounts=chosen.accounts)
    losses = losing(world.events(), chosen.drop, seed=chosen.seed)
    events = disordered(losses.kept, seed=chosen.seed)
    undelivered = await Courier(chosen.url, settings.webhook_secrets).deliver(events)
    print(f"{len(events) - len(undelivered)} deliveries of {len(losses.kept)} events accepted")
    if losses.dropped:
        print(f"{len(losses.dropped)} events were dropped")
    if undelivered:
        print(f"{len(undelivered)} were never accepted", file=sys.stderr)
    return 1 if undelivered else 0
