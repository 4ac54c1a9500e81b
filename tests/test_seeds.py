from hypothesis import given
from hypothesis import strategies as st

from nextlabel.seeds import stream


@given(st.integers(0, 2**40), st.text(max_size=8), st.integers(0, 99))
def test_a_stream_is_its_seed_and_purpose(seed, word, k):
    assert (stream(seed, word, k).random(3) == stream(seed, word, k).random(3)).all()


def test_other_purposes_are_other_streams():
    first = [
        stream(*purpose).random() for purpose in [(0,), (1,), (0, "ask"), (0, "ask", 0), (0, "ask", 1), (0, "fit", 0)]
    ]
    assert len(set(first)) == len(first)


def test_streams_stay_what_they_are():
    """Runs are compared over years: the numbers behind a seed may not move."""
    assert stream(7, "split", "daisy").integers(1000, size=4).tolist() == [345, 703, 953, 261]
