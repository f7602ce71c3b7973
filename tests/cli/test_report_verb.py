from planted import saved_photo
from planted_video import saved_video


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


def test_no_pictures_of_videos_means_none(facsight, tmp_path):
    video = saved_video(tmp_path / "a.mkv", [1] * 20)
    page = tmp_path / "out" / "report.html"
    shown = []
    for command in (("analyze", video, "--out", "out"), ("report", "out")):
        for options in ((), ("--no-pictures",), ("--pictures", 0)):
            facsight(*command, *options)
            shown.append("data:image" in page.read_text(encoding="utf-8"))
    assert shown == [True, False, False] * 2
