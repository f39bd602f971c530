import pytest

from worker.topic.partitioning import home_of


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        # From the tests of Kafka's own client.
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
@pytest.mark.parametrize("partitions", [1, 4, 24, 1000])
def test_a_key_leads_where_kafka_s_default_partitioner_leads_it(key: str, hashed: int, partitions: int) -> None:
    assert home_of(key, partitions) == (hashed & 0x7FFFFFFF) % partitions


def test_accounts_are_spread_over_all_partitions() -> None:
    assert {home_of(f"acct_{number}", 24) for number in range(1_000)} == set(range(24))
