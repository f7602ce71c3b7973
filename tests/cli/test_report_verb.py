from planted import saved_photo


def test_the_page_is_made_again(facsight, tmp_path):
    facsight("analyze", saved_photo(tmp_path / "a.png"), "--out", "out")
    (tmp_path / "out" / "report.html").unlink()
    code, told, _ = facsight("report", "out", "--no-pictures")
    assert code == 0
    assert "out/report.html" in told
    assert "Made without pictures" in (tmp_path / "out" / "report.html").read_text()


def test_another_folder_is_refused(facsight, tmp_path):
    code, _, problem = facsight("report", tmp_path)
    assert code == 2
    assert "was not written by facsight" in " ".join(problem.split())
