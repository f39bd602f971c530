"""Pages lead to pages, files and sections that are there, and every page is reached from the README."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def links(page: Path) -> list[tuple[Path, str]]:
    """Every file a page leads to, with the section if it names one."""
    found = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    return [((page.parent / path).resolve() if path else page, section) for path, section in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, section in links(page):
        assert target.exists(), target
        if section:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert section in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting += [target for target, _ in links(page) if target.suffix == ".md" and target not in reached]
    decisions = ROOT / "docs" / "decisions"
    assert [page for page in PAGES if page not in reached and page.parent != decisions] == []
