"""No reader of bytes before sign-in takes more than 2.5 times as long for twice as many: processor time, the least of many tries."""

from benchmarks.growth import GOAL, READERS, Reader, growth, measured, seconds


def test_every_reader_before_sign_in_grows_with_its_input_and_no_faster() -> None:
    found = {name: round(ratio, 2) for name, (ratio, _longest) in measured().items()}
    assert len(found) == len(READERS)
    assert {name: ratio for name, ratio in found.items() if ratio > GOAL} == {}


def test_a_reader_that_grows_faster_is_found() -> None:
    def unquoted(length: int) -> object:
        """As the standard library's cookies were unquoted: what is left is copied for every escape."""
        text = "\\" * (length * 8)

        def read() -> None:
            rest = text
            while rest:
                rest = rest[1:]

        return read

    assert growth(Reader("copies what is left", 8192, unquoted))[0] > GOAL  # pyright: ignore[reportArgumentType] - a call


def test_time_is_of_the_processor_and_never_nothing() -> None:
    assert seconds(lambda: sum(range(20_000))) > 0
