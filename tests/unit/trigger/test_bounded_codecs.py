"""Batches of records are decompressed as aiokafka does it, and never beyond a bound."""

import contextlib
import gzip
import tracemalloc
from collections.abc import Callable

import cramjam
import pytest
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from services.trigger.sources import bounded_codecs
from services.trigger.sources.bounded_codecs import MAX_DECOMPRESSED_BYTES, BatchTooLarge

Encode = Callable[[bytes], bytes]
CODECS: dict[str, tuple[Encode, Encode, int]] = {
    "gzip": (codec.gzip_encode, bounded_codecs.gzip_decode, DefaultRecordBatch.CODEC_GZIP),
    "snappy": (codec.snappy_encode, bounded_codecs.snappy_decode, DefaultRecordBatch.CODEC_SNAPPY),
    "lz4": (codec.lz4_encode, bounded_codecs.lz4_decode, DefaultRecordBatch.CODEC_LZ4),
    "zstd": (codec.zstd_encode, bounded_codecs.zstd_decode, DefaultRecordBatch.CODEC_ZSTD),
}


@given(st.sampled_from(sorted(CODECS)), st.binary(max_size=200), st.integers(1, 5_000))
def test_what_was_compressed_is_the_same_again(name: str, part: bytes, times: int) -> None:
    encode, decode, _ = CODECS[name]
    assert decode(encode(part * times)) == part * times


def test_blocks_and_members_beside_each_other_are_read_as_one() -> None:
    assert bounded_codecs.snappy_decode(bytes(cramjam.snappy.compress_raw(b"one block"))) == b"one block"
    assert bounded_codecs.gzip_decode(gzip.compress(b"one, ") + gzip.compress(b"two")) == b"one, two"
    large = bytes(range(256)) * 4_096
    assert bounded_codecs.snappy_decode(codec.snappy_encode(large)) == large


@pytest.mark.parametrize("name", CODECS)
def test_few_bytes_that_become_very_many_are_refused_before_they_are_there(name: str) -> None:
    encode, decode, _ = CODECS[name]
    compressed = encode(b"\0" * (4 * MAX_DECOMPRESSED_BYTES))
    tracemalloc.start()
    with pytest.raises(BatchTooLarge):
        decode(compressed)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * MAX_DECOMPRESSED_BYTES
    assert len(decode(encode(b"\0" * MAX_DECOMPRESSED_BYTES))) == MAX_DECOMPRESSED_BYTES


@pytest.mark.parametrize("name", CODECS)
@given(st.binary(max_size=300))
def test_broken_bytes_end_in_an_error_or_in_few_bytes(name: str, broken: bytes) -> None:
    encode, decode, _ = CODECS[name]
    whole = encode(b"some text that is long enough to be compressed, compressed, compressed")
    for data in (whole[: len(whole) // 2] + broken, broken):
        found = b""
        with contextlib.suppress(Exception):  # each library has its own
            found = decode(data)
        assert len(found) <= MAX_DECOMPRESSED_BYTES


@pytest.mark.parametrize("name", CODECS)
def test_the_readers_of_aiokafka_use_them(name: str) -> None:
    kind = CODECS[name][2]
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=kind,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=4 * MAX_DECOMPRESSED_BYTES,
    )
    builder.append(0, timestamp=1, key=None, value=b"\0" * (2 * MAX_DECOMPRESSED_BYTES), headers=[])
    with pytest.raises(BatchTooLarge):
        list(DefaultRecordBatch(bytes(builder.build())))
