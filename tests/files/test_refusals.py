import errno
import os

import pytest

from nextlabel.errors import CannotWrite
from nextlabel.files.refusals import refusals


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, r"^'a/b' cannot be written \(Permission denied\)\. Choose another --out\.$"),
        (errno.ENOSPC, r"^The disk that holds 'a/b' is full \(No space left on device\)\. Delete something\.$"),
        (errno.EDQUOT, r"^The disk that holds 'a/b' is full"),
        (errno.EFBIG, r"^The disk that holds 'a/b' is full"),
    ],
)
def test_what_a_disk_refuses_is_said_in_a_sentence(number, words):
    with pytest.raises(CannotWrite, match=words), refusals("a/b", "Choose another --out.", "Delete something."):
        raise OSError(number, os.strerror(number))


def test_what_it_is_stands_before_its_name():
    with (
        pytest.raises(CannotWrite, match=r"^The cache folder 'a' cannot be written"),
        refusals("a", what="the cache folder"),
    ):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_file_that_windows_holds_open_is_told():
    error = PermissionError(13, "Access is denied")
    error.winerror = 5
    with pytest.raises(CannotWrite, match=r"Another program may have it open: close it there"), refusals("a"):
        raise error


def test_a_name_that_cannot_be_printed_is_told_all_the_same():
    with pytest.raises(CannotWrite) as caught, refusals("a\udcff\n"):
        raise OSError(errno.EACCES, "no")
    assert str(caught.value).isprintable()
