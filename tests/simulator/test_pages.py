import pytest

from worker.simulator.events import JsonObject
from worker.simulator.pages import Page, page

# Newest first.
ENTRIES: list[JsonObject] = [{"id": f"x_{number}", "created": number} for number in (9, 8, 7, 6, 5, 4, 3, 2, 1)]


def odd(entry: JsonObject) -> bool:
    return bool(entry["created"] % 2)


def asked(**parameters: str) -> Page:
    return page("/v1/x", "x", ENTRIES, odd, parameters)


def numbers(found: Page) -> list[int]:
    return [entry["created"] for entry in found.data]


@pytest.mark.parametrize(
    ("parameters", "expected", "has_more"),
    [
        ({}, [9, 7, 5, 3, 1], False),
        ({"limit": "5"}, [9, 7, 5, 3, 1], False),
        ({"limit": "4"}, [9, 7, 5, 3], True),
        ({"limit": "2", "starting_after": "x_7"}, [5, 3], True),
        ({"limit": "2", "starting_after": "x_5"}, [3, 1], False),
        ({"limit": "2", "starting_after": "x_6"}, [5, 3], True),
        ({"starting_after": "x_1"}, [], False),
        ({"limit": "2", "ending_before": "x_3"}, [7, 5], True),
        ({"limit": "2", "ending_before": "x_5"}, [9, 7], False),
        ({"limit": "2", "ending_before": "x_4"}, [7, 5], True),
        ({"ending_before": "x_9"}, [], False),
    ],
)
def test_a_page_begins_right_behind_its_cursor_and_says_whether_more_matches(
    parameters: dict[str, str], expected: list[int], *, has_more: bool
) -> None:
    found = asked(**parameters)
    assert (numbers(found), found.has_more) == (expected, has_more)
