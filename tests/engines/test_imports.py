import sys

import pytest

from nextlabel.engines.imports import without


def test_what_is_hidden_is_there_again_afterwards():
    sys.modules.pop("wave", None)
    with pytest.raises(ModuleNotFoundError, match="wave"), without("wave"):
        import wave
    import wave

    assert wave.__name__ == "wave"


def test_what_is_loaded_already_stays():
    import json

    with without("json"):
        import json.tool
    assert json.tool.json is json
