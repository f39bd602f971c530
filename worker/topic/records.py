"""Records: what the client read, as the ports know it; bytes stay as they came."""

from typing import Final

from aiokafka import ConsumerRecord

from worker.ports import Record

# 9999-12-31T23:59:59.999Z in ms. Any producer may write any time, and what no calendar holds would stop a lane.
LATEST: Final = 253_402_300_799_999


def record_of(read: "ConsumerRecord[bytes, bytes]") -> Record:
    """A record as it was read; its time within the years 1970 to 9999."""
    # A header's value may be null, which no part here tells from an empty one.
    headers = tuple((name, value or b"") for name, value in read.headers)
    timestamp = min(max(read.timestamp, 0), LATEST)
    return Record(read.partition, read.offset, timestamp, read.key, read.value, headers)
