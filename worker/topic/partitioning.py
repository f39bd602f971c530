"""Partitioning: which partition an account's key leads to, by Kafka's own default rule."""

from aiokafka.partitioner import murmur2


def home_of(account: str, partitions: int) -> int:
    """The partition that every producer with Kafka's default partitioner gives this account's records."""
    return int(murmur2(account.encode()) & 0x7FFFFFFF) % partitions
