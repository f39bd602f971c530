"""Losses: webhooks that never come, however often Stripe tries; what they would have told can be asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from worker.simulator.dice import Dice
from worker.simulator.events import Event


@dataclass(frozen=True, slots=True)
class Losses:
    """Events whose webhooks come, and those whose webhooks are dropped; both in the order in which they happened."""

    kept: tuple[Event, ...]
    dropped: tuple[Event, ...]


def losing(events: Iterable[Event], share: float, *, seed: int) -> Losses:
    """Drop this share of the webhooks, from 0 to 1; the same for the same events and seed."""
    dice = Dice(f"{seed}/losses")
    happened = [(event, dice.chance(share)) for event in events]
    return Losses(
        tuple(event for event, is_lost in happened if not is_lost),
        tuple(event for event, is_lost in happened if is_lost),
    )
