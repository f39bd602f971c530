"""Steps: what a record tells of, by its type alone, named as notifications are; it never reads the record's body."""

from collections.abc import Iterator, Mapping
from typing import Final

from worker.rules.milestones import Milestone

_OFFER_EVENTS: Final[Mapping[str, str]] = {
    f"capital.financing_offer.{milestone}": milestone for milestone in Milestone if milestone != Milestone.REPLACED
}

# (subject, step), as in the notification id `MODE:SUBJECT:STEP`.
Step = tuple[str, str]


def steps_of(event_id: str, event_type: str | None, subject: str | None, replaced: str | None) -> Iterator[Step]:
    """What a record can release by its own word; none where its type is unknown.

    `replaced` is the offer that the record's offer replaces. Stripe sends no event of its own about that one.
    """
    if event_type == "capital.financing_summary.line_of_credit_update":
        yield event_id, "line_of_credit"
    if subject is None:
        return
    if event_type == "capital.financing_transaction.created":
        yield subject, "recorded"
    elif event_type == "capital.financing_offer.replacement_created":
        yield subject, Milestone.CREATED.value
        if replaced is not None:
            yield replaced, Milestone.REPLACED.value
    elif milestone := _OFFER_EVENTS.get(event_type or ""):
        yield subject, milestone
