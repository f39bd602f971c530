import asyncio

import pytest
from aiokafka.errors import KafkaError, ProducerFenced

from worker.ports import Fenced, Unavailable
from worker.topic.cluster import answered


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(KafkaError("no"), Unavailable), (OSError("no"), Unavailable), (ProducerFenced(), Fenced)],
)
async def test_the_client_s_errors_are_raised_as_the_ports_own(raised: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="kafka: asking") as caught:
        async with answered("asking"):
            raise raised
    assert caught.value.__cause__ is raised


async def test_a_client_that_hangs_is_unavailable_after_the_deadline() -> None:
    with pytest.raises(Unavailable, match=r"kafka: asking: no answer in 0\.01 s"):
        async with answered("asking", 0.01):
            await asyncio.Event().wait()


async def test_what_is_no_error_of_the_client_is_not_caught() -> None:
    with pytest.raises(ZeroDivisionError):
        async with answered("asking"):
            raise ZeroDivisionError
