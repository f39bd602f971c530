"""The modes that a command asks Stripe in: those there is a key for, or the one that was named."""

import argparse
from collections.abc import Sequence

from worker.catching_up import Refused
from worker.settings import Settings, key_mode


def add_to(command: argparse.ArgumentParser) -> None:
    """Let the command be told one mode."""
    mode = command.add_mutually_exclusive_group()
    for name, livemode in (("live", True), ("test", False)):
        text = f"{name} mode only"
        mode.add_argument(f"--{name}", dest="livemode", action="store_const", const=livemode, help=text)


def name_of(*, livemode: bool) -> str:
    """A mode in words."""
    return "live" if livemode else "test"


def livemodes(settings: Settings, chosen: argparse.Namespace) -> Sequence[bool]:
    """The modes to ask in, live before test. Raises Refused where there is no key for the one that was named."""
    keys = {key_mode(key) == "live" for key in settings.stripe_api_key}
    if chosen.livemode is not None and chosen.livemode not in keys:
        mode = name_of(livemode=chosen.livemode)
        raise Refused(f"CAPITAL_STRIPE_API_KEY has no key for {mode} mode")
    return sorted(keys if chosen.livemode is None else {chosen.livemode}, reverse=True)
