import base64
import hashlib
import json

import pytest

from facsight.report.script import as_json, script


def test_the_source_is_the_digest_of_what_stands_between_the_tags():
    found = script("timeline_data.js", "study.js")
    digest = base64.b64encode(hashlib.sha256(str(found.text).encode()).digest()).decode()
    assert found.source == f"'sha256-{digest}'"
    assert "</script" not in found.text.lower()
    assert "<!--" not in found.text


@pytest.mark.parametrize(
    "hostile", ["</script><script>alert(1)</script>", "<!-- <script>", "]]>", "a\"b'c\n\u2028", "é &amp;"]
)
def test_nothing_in_json_ends_the_element_and_all_of_it_comes_back(hostile):
    text = as_json({hostile: [hostile]})
    assert not set("<>&") & set(text)
    assert text.isascii()
    assert json.loads(text) == {hostile: [hostile]}


def test_numbers_that_json_does_not_know_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json([float("nan")])
