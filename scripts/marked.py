"""Parts of documentation pages that are generated: what stands between two markers of one name."""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ["ROOT", "filled", "refresh"]

ROOT = Path(__file__).resolve().parent.parent


def filled(text: str, name: str, content: str) -> str:
    """``text`` with ``content`` between the markers of ``name``. Raises :class:`ValueError` where they are missing."""
    pattern = re.compile(
        rf"(?P<begin><!-- begin {re.escape(name)}[^>]*-->\n).*?(?P<end><!-- end {re.escape(name)} -->)", re.DOTALL
    )
    changed, count = pattern.subn(lambda found: f"{found['begin']}\n{content}\n\n{found['end']}", text)
    if count != 1:
        raise ValueError(f"there are {count} places between `<!-- begin {name} -->` and `<!-- end {name} -->`, not one")
    return changed


def refresh(page: Path, parts: dict[str, str], *, check: bool, command: str) -> int:
    """Write ``parts`` into ``page``; with ``check`` only look. The exit code: 1 when the page is out of date."""
    before = page.read_text(encoding="utf-8")
    after = before
    for name, content in parts.items():
        after = filled(after, name, content)
    if after == before:
        return 0
    if check:
        print(f"{page.relative_to(ROOT)} is not what the code says: run `{command}`", file=sys.stderr)
        return 1
    page.write_text(after, encoding="utf-8")
    return 0
