"""This file is about how much memory a row group of a Parquet file takes: a page is read as a whole.

Writers look at the size of a page only now and then, so that hundreds of pictures may stand in one. The
reader holds a page about twice. What it will take is in its header, which is looked at before it is read.
"""

from pathlib import Path

import pyarrow.parquet as pq

LARGEST_PAGE = 512 * 2**20
_HEADER_BYTES = 32
# A page header begins with three 32-bit numbers: kind, size unpacked, size packed (Thrift's compact form).
_NEXT_FIELD_IS_NUMBER = 0x15


def largest_page_bytes(path: Path, metadata: pq.FileMetaData, group: int) -> int:
    """Of the first pages of a row group's columns the largest, unpacked; a column where that is unclear."""
    row_group = metadata.row_group(group)
    largest = 0
    with path.open("rb") as file:
        for at in range(row_group.num_columns):
            column = row_group.column(at)
            if column.total_uncompressed_size <= largest:
                continue
            for offset in (column.dictionary_page_offset, column.data_page_offset):
                if offset:
                    file.seek(offset)
                    size = _unpacked_size(file.read(_HEADER_BYTES))
                    largest = max(largest, column.total_uncompressed_size if size is None else size)
    return largest


def _unpacked_size(header: bytes) -> int | None:
    """The second number of a page header; None where it is not as it should be."""
    at, numbers = 0, list[int]()
    while len(numbers) < 2:
        if at >= len(header) or header[at] != _NEXT_FIELD_IS_NUMBER:
            return None
        at, value, shift = at + 1, 0, 0
        while at < len(header):
            byte = header[at]
            at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
            if not byte & 0x80:
                break
        else:
            return None
        numbers.append((value >> 1) ^ -(value & 1))
    return numbers[1]
