"""Make `index.py` from the sources: `python -m archc.ops.make_index`. A test checks that it is current."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
_NAME = re.compile(r'^@op\("(\w+)"\)', re.MULTILINE)


def index_source() -> str:
    """Give the text that `index.py` should hold, as the formatter would write it."""
    doc = '"""Which family each op lives in; made by `python -m archc.ops.make_index`."""'
    lines = [doc, "", "FAMILIES: dict[str, tuple[str, ...]] = {"]
    for path in sorted(HERE.glob("*.py")):
        found = _NAME.findall(path.read_text(encoding="utf-8"))
        if len(found) == 1:
            lines.append(f'    "{path.stem}": ("{found[0]}",),')
        elif found:
            lines.append(f'    "{path.stem}": (')
            lines.extend(f'        "{name}",' for name in found)
            lines.append("    ),")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    (HERE / "index.py").write_text(index_source(), encoding="utf-8")
