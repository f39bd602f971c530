"""The command that runs everything on one machine: real servers, the real worker, and Stripe played."""

import argparse

from worker.cli.subcommands import Subcommands

ACCOUNTS = 6
# One of each kind of life, two refills among them.
ACCOUNTS_ONCE = 13


def add_to(commands: Subcommands) -> None:
    """Add it to the parser."""
    text = "run everything on this machine: Kafka, Postgres, all roles and a simulated Stripe; Ctrl-C ends it"
    command = commands.add_parser("dev", help=text, description=f"{text}. It makes its own settings.")
    command.add_argument("--seed", type=int, default=1, help="the same seed, the same accounts (%(default)s)")
    accounts = f"how many accounts at a time ({ACCOUNTS}, with --once {ACCOUNTS_ONCE})"
    command.add_argument("--accounts", type=_positive, help=accounts)
    command.add_argument("--once", action="store_true", help="one round, shown and judged; status 1 if it fails")
    command.set_defaults(role=None)


def run(chosen: argparse.Namespace) -> int:
    """Run until a signal, or with --once until judged: 0 done, 1 failed."""
    # The parts for development are not in the production image, where the other commands must still work.
    from worker.cli.dev.running import Wish, run_here  # noqa: PLC0415 - see above

    accounts = chosen.accounts or (ACCOUNTS_ONCE if chosen.once else ACCOUNTS)
    return run_here(Wish(seed=chosen.seed, accounts=accounts, once=chosen.once))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one")
    return number
