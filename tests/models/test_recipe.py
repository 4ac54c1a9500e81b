import subprocess
import sys

import pytest

CODE = """
import os
before = dict(os.environ)
from nextlabel.models.recipe import need_torch
need_torch()
assert dict(os.environ) == before, "the environment was changed"
import torch
block = torch.ones(2**24)
for line in open("/proc/self/smaps"):
    word, _, rest = line.partition(" ")
    if "-" in word and not word.endswith(":"):
        first, last = (int(end, 16) for end in word.split("-"))
        ours = first <= block.data_ptr() + 2**22 < last
    elif ours and word == "VmFlags:":
        print("hg" in rest.split())
"""


def test_torch_has_large_pages_and_the_environment_is_left_as_it_was():
    pytest.importorskip("torch")
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    if not ran.stdout:
        pytest.skip("this system does not tell how memory is mapped")
    assert ran.stdout == "True\n"
