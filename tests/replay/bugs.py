"""Wrong rules, to be planted in a live system and found by replaying it with the right ones."""

from collections.abc import Mapping
from typing import Any

import pytest

from worker.consumer import decode
from worker.rules import gates, settling
from worker.rules.draft import Draft
from worker.rules.milestones import Milestone
from worker.rules.state import Offer


def deaf_to_cancellations(patch: pytest.MonkeyPatch) -> None:
    """`canceled` is taken for a type that nobody knows."""
    known: Mapping[str, Any] = {name: one for name, one in decode.MILESTONES.items() if not name.endswith(".canceled")}
    patch.setattr(decode, "MILESTONES", known)


def hasty(patch: pytest.MonkeyPatch) -> None:
    """No milestone waits for another."""

    def open_(_draft: Draft, _offer: Offer, _milestone: Milestone) -> gates.Closed | None:
        return None

    patch.setattr(settling, "closed", open_)


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """Neither a withholding nor a link is ever told."""

    def silent(_draft: Draft) -> None:
        return

    patch.setattr(settling, "tell_withholding", silent)
    patch.setattr(settling, "tell_links", silent)


def deaf_to_transactions(patch: pytest.MonkeyPatch) -> None:
    """A transaction is taken for an event that nobody knows."""
    patch.setattr(decode, "_transaction", decode._unknown)
