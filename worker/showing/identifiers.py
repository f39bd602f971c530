"""Identifiers of Stripe's, short enough to read; whoever shortens one shows it in full elsewhere."""

import re
from collections.abc import Iterable
from typing import Final

KEPT: Final = 7
# A prefix, then at least ten letters and digits with a digit among them: no word of Stripe's looks like that.
_ID: Final = re.compile(r"[a-z]+_(?=[A-Za-z]*\d)[A-Za-z0-9]{10,}")


def short(identifier: str) -> str:
    """The end of an id, `…0dFNmL0`; one that is short already, or no id, stays as it is."""
    return f"…{identifier[-KEPT:]}" if _ID.fullmatch(identifier) else identifier


def milestone(name: str, beside: str | None = None) -> str:
    """`OFFER:MILESTONE` in words: `paid_out of …0dFNmL0`, or `paid_out` alone of the offer that stands beside it."""
    offer, _, step = name.rpartition(":")
    return step if offer in {beside, ""} else f"{step} of {short(offer)}"


def awaited(names: Iterable[str], beside: str | None = None) -> str:
    """What something waits for, in words: `created and accepted`, or a survey, which is Stripe's to answer."""
    return " and ".join("Stripe's answer" if name == "survey" else milestone(name, beside) for name in names)


def short_type(name: str) -> str:
    """A type of Stripe's or of ours without what all of them share: `offer.paid_out`."""
    return re.sub(r"^capital\.(financing_)?|\.v\d+$", "", name)
