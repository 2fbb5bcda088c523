"""The parts of the benchmarks that compute a figure themselves."""

from bench.erasures import Sample, longest_wait


def test_a_record_waits_from_the_sample_that_sees_it_to_the_one_that_sees_it_consumed() -> None:
    samples = [Sample(0.0, 10, 10), Sample(1.0, 20, 10), Sample(2.0, 30, 10), Sample(3.0, 40, 30)]
    assert longest_wait([*samples, Sample(4.0, 40, 40)]) == 2.0


def test_what_is_never_consumed_waits_to_the_end() -> None:
    assert longest_wait([Sample(0.0, 5, 5), Sample(1.0, 9, 5), Sample(4.0, 9, 8)]) == 3.0


def test_nobody_waits_where_nothing_is_measured_or_all_is_consumed() -> None:
    assert longest_wait([]) == 0.0 == longest_wait([Sample(0.0, 5, 5)])
