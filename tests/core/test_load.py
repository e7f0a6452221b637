from pathlib import Path

import pytest

from slava.errors import BadSetting, ModelNotFound
from slava.vlm.load import kind_of, quantization_of


def test_a_reference_is_judged_without_the_network(tmp_path: Path) -> None:
    assert kind_of("builtin") == "builtin"
    assert kind_of(str(tmp_path)) == "folder"
    assert kind_of("owner/name") == "repository"
    assert kind_of("http://127.0.0.1:8000/v1#m") == "endpoint"


@pytest.mark.parametrize("reference", ["", "gpt", "a/b/c", "/no/such/folder", "./x"])
def test_what_can_be_no_model_is_refused(reference: str) -> None:
    with pytest.raises(ModelNotFound, match="give builtin, an existing folder"):
        kind_of(reference)


def test_an_unknown_quantization_is_refused() -> None:
    assert quantization_of("nf4") == "nf4"
    with pytest.raises(BadSetting, match="'int4' is none of none, int8, nf4"):
        quantization_of("int4")
