"""Narrowing: which one record the database will not take, and why; it commits nothing."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from worker.consumer.deciding import Decider
from worker.consumer.reading import Commanding, Rebuilding, Telling, read
from worker.consumer.redriving import remaining
from worker.ports import DataRefused, Ledger, Position, Record

# Why the database would refuse a redrive that stops before the record at an offset, None where it would take it.
Refusal = Callable[[int], Awaitable[str | None]]


async def blamed(
    ledger: Ledger, decider: Decider, before: Position, record: Record, refusal: DataRefused
) -> Mapping[int, str]:
    """The offset to blame for the refusal of one record's batch, and the reason.

    A command is not to blame itself, but the first of the parked records that it applies and the database refuses.
    Raises the refusal again where no account can be blamed for it.
    """
    match read(record):
        case Telling() | Rebuilding():
            return {record.offset: str(refusal)}
        case Commanding(attributed, command):
            parked = (await ledger.parked([attributed.key])).get(attributed.key, ())
            offsets = [waiting.record.offset for waiting in remaining(parked, command.discarded)]

            async def stopping_before(offset: int) -> str | None:
                deliberation = await decider.decide(before, [record], {offset: ""})
                return await ledger.refusal(deliberation.batch(record))

            if offsets:
                return await first_refused(offsets, str(refusal), stopping_before)
    raise refusal


async def first_refused(offsets: Sequence[int], reason: str, refusal: Refusal) -> Mapping[int, str]:
    """The first of a redrive's records that is refused, and why; `reason` is why all of them together are."""
    taken, refused = 0, len(offsets)
    while refused - taken > 1:
        middle = (taken + refused) // 2
        why = await refusal(offsets[middle])
        if why is None:
            taken = middle
        else:
            refused, reason = middle, why
    return {offsets[taken]: reason}
