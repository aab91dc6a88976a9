"""Write the generated pages: `python docs/build.py`. A test checks that they are current."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


def build() -> None:
    """Write every page of the reference and the zoo's; remove pages of families that are gone."""
    from zoo_table import zoo_page

    from archc.report.reference import page, page_names

    for path in (HERE / "ops").glob("*.md"):
        if f"ops/{path.name}" not in page_names():
            path.unlink()
    for name in page_names():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(name), encoding="utf-8", newline="\n")
    (HERE / "zoo.md").write_text(zoo_page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    build()
