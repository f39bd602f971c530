"""The event log and the inbox in one: every record of an account once, its bytes untouched."""

from collections import Counter
from collections.abc import Iterator

from worker.headers import is_quiet
from worker.ports import Batch, LoggedEvent
from worker.store.arrays import columns
from worker.store.together import Write
from worker.traceparent import brought

EVENTS = """
INSERT INTO event (livemode, account, created, event_id, type, object_id, partition, record_offset, recorded_at,
                   repeats, quiet, ours, traceparent, body)
SELECT livemode, account, to_timestamp(created), event_id, type, object_id, $1, record_offset,
       'epoch'::timestamptz + recorded_at * interval '1 ms', repeats, quiet, ours, traceparent,
       body
FROM unnest($2::boolean[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
            $10::integer[], $11::boolean[], $12::boolean[], $13::text[], $14::bytea[])
     AS new (livemode, account, created, event_id, type, object_id, record_offset, recorded_at, repeats, quiet, ours,
             traceparent, body)
ON CONFLICT (livemode, account, created, event_id)
DO UPDATE SET repeats = event.repeats + 1 + excluded.repeats
"""


def write_events(batch: Batch) -> Iterator[Write]:
    """Log each event once; one that comes again is counted."""
    seen: Counter[tuple[object, ...]] = Counter()
    first: dict[tuple[object, ...], LoggedEvent] = {}
    for event in batch.events:
        identity = (*event.key, event.created, event.id)
        seen[identity] += 1
        first.setdefault(identity, event)
    rows = [
        (
            *identity,
            event.type,
            event.object_id,
            event.record.offset,
            event.record.timestamp,
            seen[identity] - 1,
            is_quiet(event.record.headers),
            ("ce_type", event.type.encode()) in event.record.headers,
            brought(event.record.headers),
            event.record.value,
        )
        for identity, event in first.items()
    ]
    if rows:
        yield EVENTS, [batch.before.partition, *columns(rows)]
