from worker.replay.finding import Finding, finding

ENTRY = {"id": "live:fo_1:created", "sequence": 1, "causation_id": "evt_1", "value": "{}"}


def test_a_row_that_one_side_lacks_is_missing_or_extra() -> None:
    assert finding(None, ENTRY) == Finding("missing", {})
    assert finding(ENTRY, None) == Finding("extra", {})


def test_the_same_told_by_another_record_or_under_another_number_is_elsewhere() -> None:
    other = ENTRY | {"sequence": 2, "causation_id": "evt_2"}
    assert finding(ENTRY, other) == Finding("elsewhere", {"sequence": (1, 2), "causation_id": ("evt_1", "evt_2")})


def test_another_content_is_different_wherever_it_was_told() -> None:
    found = finding(ENTRY, ENTRY | {"sequence": 2, "value": "[]"})
    assert found == Finding("different", {"sequence": (1, 2), "value": ("{}", "[]")})


def test_rows_that_differ_in_their_bytes_alone_are_different_in_no_column() -> None:
    assert finding(ENTRY, dict(ENTRY)) == Finding("different", {})
