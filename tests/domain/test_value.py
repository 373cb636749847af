"""A value is its fields: what is computed from them follows them."""

from trader.domain.reports import Evidence
from trader.domain.value import canonical_json


def test_a_copy_with_other_fields_has_another_digest() -> None:
    read = Evidence(tool="features", arguments={}, result={"values": {"rsi_14": 55.0}})
    name = read.digest
    other = read.model_copy(update={"tool": "levels"})
    assert other.digest == Evidence(tool="levels", arguments={}, result=read.result).digest != name
    assert read.model_copy().digest == name == read.digest
    assert read.canonical == canonical_json(read)
