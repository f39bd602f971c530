"""Partitioning: which partition an account's key leads to, by Kafka's own default rule."""

from functools import lru_cache

from aiokafka.partitioner import murmur2


def home_of(account: str, partitions: int) -> int:
    """The partition that every producer with Kafka's default partitioner gives this account's records."""
    return home_of_key(account.encode(), partitions)


# The client hashes in Python: for an account that was met before, looking it up costs a hundredth of that.
@lru_cache(maxsize=65_536)
def home_of_key(key: bytes, partitions: int) -> int:
    """The same for a record's key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
