"""What ends the command line early."""

from __future__ import annotations

__all__ = ["CannotServe"]


class CannotServe(Exception):
    """The server cannot start, or cannot go on. The message is one line: what is wrong, and what to do about it."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code
