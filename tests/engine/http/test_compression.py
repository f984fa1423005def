"""HPACK with a memory: what comes out is what comes out without one."""

from hpack import Decoder, Encoder
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.http.compression import RememberingDecoder, RememberingEncoder

FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b":status", b"content-type", b"date", b"x-a", b"x-long"]),
        st.sampled_from([b"200", b"text/html", b"Tue", b"Wed", b"", b"y" * 1500]),
    ),
    max_size=6,
)
BLOCKS = st.lists(FIELDS, min_size=1, max_size=30)


@given(BLOCKS, st.sampled_from([0, 100, 2000, 4096]))
def test_a_remembered_block_means_what_it_means_anew(blocks: list[list[tuple[bytes, bytes]]], size: int) -> None:
    """Whatever enters the table, moves in it and leaves it in between."""
    encoder, plain, remembering = Encoder(), Decoder(), RememberingDecoder(65536)
    for number, fields in enumerate(blocks):
        if number == 3:
            encoder.header_table_size = size
        block = encoder.encode(fields)
        assert remembering.decode(block, raw=True) == plain.decode(block, raw=True) == fields


@given(BLOCKS, st.sampled_from([0, 100, 2000, 4096]))
def test_a_remembered_request_is_encoded_as_it_would_be_anew(blocks: list[list[tuple[bytes, bytes]]], size: int) -> None:
    plain, remembering, decoder = Encoder(), RememberingEncoder(), Decoder()
    for number, fields in enumerate(blocks):
        if number == 3:
            plain.header_table_size = remembering.header_table_size = size
        block = remembering.encode(fields)
        assert block == plain.encode(fields)
        assert decoder.decode(block, raw=True) == fields


def test_what_is_said_again_is_found_by_a_look_up() -> None:
    encoder, decoder = RememberingEncoder(), RememberingDecoder(65536)
    fields = [(b":status", b"200"), (b"server", b"test")]
    decoder.decode(encoder.encode(fields), raw=True)  # enters the table
    block = encoder.encode(fields)
    assert encoder.encode(list(fields)) is block
    assert decoder.decode(block, raw=True) is decoder.decode(bytes(block), raw=True)


def test_what_is_remembered_is_bounded() -> None:
    encoder, decoder = Encoder(), RememberingDecoder(65536)
    encoder.header_table_size = 0
    for number in range(1000):
        decoder.decode(encoder.encode([(b"x-a", str(number).encode())]), raw=True)
        assert len(decoder._known) <= 64
