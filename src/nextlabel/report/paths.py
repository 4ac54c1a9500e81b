"""Paths in a report: it is sent on, and whose machine a run was made on, and where on it, is nobody's business."""

import re

# The folders of an absolute path: where it may begin in a word (at its start, behind a quote, bracket, "=", "," or a
# colon that is none of "https://"), its root, and all that ends in a slash. Folders may have spaces in their names, but
# none at the end: there the next path begins.
_FOLDERS = re.compile(
    r"""(^|[\s=:,;'"(\[])(?!//)(?:[A-Za-z]:)?[/\\](?=[^\s/\\])(?:(?:[^/\\'"\n]*[^\s/\\'"\n])?[/\\])*"""
)


def hide_folders(text: str) -> str:
    """The text with every absolute path in it cut down to its last part.

    >>> hide_folders("/home/ada/my pictures"), hide_folders("onnx:/home/ada/model.onnx(size=224)")
    ('my pictures', 'onnx:model.onnx(size=224)')
    >>> hide_folders("pictures/cats is relative, https://example.org/a is none")
    'pictures/cats is relative, https://example.org/a is none'
    """
    return _FOLDERS.sub(r"\1", re.sub(r"(?<=[^\s/\\:=])[/\\]+(?=$|['\")\s])", "", text))
