"""Contents on disk: whole or not there."""

from pathlib import Path

import pytest

from headrace.blobs.content import Incoming, Stretch, join


def test_a_content_is_there_when_it_is_whole(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path / "drop")
    incoming.write(b"1234")
    incoming.write(b"56789")
    content = incoming.content()
    assert not (tmp_path / "drop" / content.file).exists()
    incoming.finish()
    assert (tmp_path / "drop" / content.file).read_bytes() == b"123456789"
    assert content.size == 9
    assert content.md5 == "JfnnlDI7RTiF9RgfG2JNCw=="
    assert content.crc64 == "iJh5CoYUi64="  # the check value of CRC-64/NVME, 0xae8b14860a799888, lowest byte first


def test_one_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    incoming = Incoming(tmp_path)
    incoming.write(b"1")
    incoming.abandon()
    assert list(tmp_path.iterdir()) == []


def test_parts_are_joined(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    (tmp_path / "b").write_bytes(b"x" * 3_000_000)
    name = join(tmp_path, [Stretch("a", 2, 3), Stretch("b", 0, 3_000_000), Stretch("a", 9, 1)])
    assert (tmp_path / name).read_bytes() == b"234" + b"x" * 3_000_000 + b"9"


def test_a_part_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0")
    for stretch in (Stretch("a", 0, 2), Stretch("b", 0, 1)):
        with pytest.raises(OSError, match=r"shorter than it was|No such file"):
            join(tmp_path, [stretch])
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
