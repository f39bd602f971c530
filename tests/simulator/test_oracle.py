from worker.simulator.oracle import Expected, Fault, Notification, in_any_order, in_order, judge, together

ACCOUNT = "acct_1"
CREATED, ACCEPTED, PAID_OUT = (f"live:financingoffer_1:{name}" for name in ("created", "accepted", "paid_out"))
RECORDED = "live:cptxn_1:recorded"
EXPECTED = in_order(CREATED, ACCEPTED, PAID_OUT) | in_any_order(RECORDED)


def read(*ce_ids: str, account: str = ACCOUNT) -> list[Notification]:
    return [(ce_id, account, sequence) for sequence, ce_id in enumerate(ce_ids, start=1)]


def faults(notifications: list[Notification], expected: Expected = EXPECTED) -> list[tuple[Fault, str]]:
    return [(problem.fault, problem.subject) for problem in judge(notifications, expected)]


def test_everything_once_and_in_order_is_no_problem() -> None:
    assert judge(read(CREATED, RECORDED, ACCEPTED, PAID_OUT), EXPECTED) == []


def test_what_need_not_be_ordered_may_come_anywhere() -> None:
    assert judge(read(RECORDED, CREATED, ACCEPTED, PAID_OUT), EXPECTED) == []
    assert judge(read(CREATED, ACCEPTED, PAID_OUT, RECORDED), EXPECTED) == []


def test_what_was_never_read_is_lost() -> None:
    assert faults(read(CREATED, PAID_OUT, RECORDED)) == [(Fault.LOST, ACCEPTED)]
    assert len(faults([])) == len(EXPECTED.ids)


def test_what_was_read_twice_is_doubled() -> None:
    assert faults(read(CREATED, ACCEPTED, CREATED, PAID_OUT, RECORDED)) == [(Fault.DOUBLED, CREATED)]


def test_an_id_of_any_kind_read_twice_is_doubled() -> None:
    attention = "live:acct_1:attention:gap:financingoffer_1"
    assert faults(read(attention, attention), Expected()) == [(Fault.DOUBLED, attention)]


def test_a_milestone_a_transaction_or_a_line_of_credit_nobody_caused_is_unexpected() -> None:
    strangers = ["live:cptxn_2:recorded", "live:evt_1:line_of_credit", "live:financingoffer_1:fully_repaid"]
    assert faults(read(*strangers), Expected()) == [(Fault.UNEXPECTED, ce_id) for ce_id in strangers]


def test_the_right_milestone_in_the_wrong_mode_is_lost_and_unexpected() -> None:
    wrong = CREATED.replace("live", "test")
    assert faults(read(wrong), in_order(CREATED)) == [(Fault.LOST, CREATED), (Fault.UNEXPECTED, wrong)]


def test_other_kinds_of_notification_may_stand_beside() -> None:
    others = [
        "live:acct_1:withholding:1",
        "live:acct_1:summary:3",
        "live:financingoffer_2:linked:2",
        "live:acct_1:attention:ambiguous_link:financingoffer_2",
    ]
    assert judge(read(*others), Expected()) == []


def test_a_discount_that_no_history_settles_is_unexpected() -> None:
    settled = "live:financingoffer_2:discount_settled"
    assert faults(read(settled), Expected()) == [(Fault.UNEXPECTED, settled)]
    assert faults(read(settled), in_any_order(settled)) == []


def test_order_within_subjects_leaves_two_offers_to_come_as_they_may() -> None:
    refill = PAID_OUT.replace("financingoffer_1", "financingoffer_2")
    expected = in_order(CREATED, PAID_OUT) | in_order(PAID_OUT, refill)
    assert faults(read(CREATED, refill, PAID_OUT), expected) == [(Fault.OUT_OF_ORDER, refill)]
    assert faults(read(CREATED, refill, PAID_OUT), expected.within_subjects()) == []


def test_a_predicate_decides_on_other_kinds_alone() -> None:
    linked, withholding = "live:financingoffer_2:linked:1", "live:acct_1:withholding:1"
    problems = judge(read(linked, withholding, CREATED), in_order(CREATED), allowed=lambda ce_id: ":linked:" in ce_id)
    assert [(problem.fault, problem.subject) for problem in problems] == [(Fault.UNEXPECTED, withholding)]


def test_a_pair_told_the_wrong_way_round_is_out_of_order() -> None:
    assert faults(read(CREATED, PAID_OUT, ACCEPTED, RECORDED)) == [(Fault.OUT_OF_ORDER, PAID_OUT)]


def test_order_reaches_over_what_was_lost() -> None:
    expected = in_order(CREATED, ACCEPTED, PAID_OUT)
    found = faults(read(PAID_OUT, CREATED), expected)
    assert (Fault.OUT_OF_ORDER, PAID_OUT) in found


def test_a_number_missing_from_an_accounts_sequence_is_a_gap() -> None:
    notifications = [(CREATED, ACCOUNT, 1), (ACCEPTED, ACCOUNT, 2), (PAID_OUT, ACCOUNT, 4), (RECORDED, ACCOUNT, 5)]
    assert faults(notifications) == [(Fault.GAP, "live:acct_1")]


def test_a_sequence_that_does_not_begin_at_one_has_a_gap() -> None:
    assert faults([(CREATED, ACCOUNT, 2)], in_order(CREATED)) == [(Fault.GAP, "live:acct_1")]


def test_a_sequence_that_goes_back_or_stands_still_is_renumbered() -> None:
    back = [(CREATED, ACCOUNT, 2), (ACCEPTED, ACCOUNT, 1), (PAID_OUT, ACCOUNT, 3), (RECORDED, ACCOUNT, 3)]
    assert faults(back) == [(Fault.RENUMBERED, "live:acct_1")] * 2


def test_each_account_and_mode_is_numbered_on_its_own() -> None:
    tested = CREATED.replace("live", "test")
    other = CREATED.replace("financingoffer_1", "financingoffer_2")
    notifications = [(CREATED, ACCOUNT, 1), (tested, ACCOUNT, 1), (other, "acct_2", 1), (ACCEPTED, ACCOUNT, 2)]
    assert judge(notifications, in_order(CREATED, ACCEPTED) | in_any_order(tested, other)) == []


def test_many_expectations_are_joined_into_one() -> None:
    assert together([in_order(CREATED, ACCEPTED, PAID_OUT), in_any_order(RECORDED)]) == EXPECTED
    assert together([]) == Expected()
