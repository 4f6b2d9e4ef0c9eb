"""``python -m runtime.local`` is ``psn-emulator``."""

from __future__ import annotations

from runtime.local.cli import main

if __name__ == "__main__":
    main()
