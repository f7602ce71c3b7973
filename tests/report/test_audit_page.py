import re
from dataclasses import replace

from markupsafe import escape

from facsight.report.audit import write_audit_page


def test_the_page_holds_everything_and_needs_nothing(audits, tmp_path):
    page = write_audit_page(audits["guided"], tmp_path / "audit.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page
    for verdict in audits["guided"].scores["verdicts"]:
        assert str(escape(verdict["claim"])) in page
    for title in ("Verdicts", "beside maps that know nothing", "Mean maps by expression", "mean class map"):
        assert title in page
    assert len(re.findall(r"<figcaption>", page)) > 15


def test_faces_can_be_left_out(audits, tmp_path):
    with_faces = write_audit_page(audits["guided"], tmp_path / "a.html").read_text(encoding="utf-8")
    without = write_audit_page(audits["guided"], tmp_path / "b.html", pictures=False).read_text(
        encoding="utf-8"
    )
    assert 'id="faces"' in with_faces
    assert 'id="faces"' not in without
    assert without.count("data:image") < with_faces.count("data:image")


def test_names_are_escaped(audits, tmp_path):
    named = replace(audits["guided"], name="<b>x</b>", about="<script>alert(1)</script>")
    page = write_audit_page(named, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;b&gt;x" in page
