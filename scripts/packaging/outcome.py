"""How a script ends: 0 when all is well, 2 when it was asked for something impossible, 1 when it could not do it.

Both failures are one clear message on standard error, never a traceback::

    Misuse   the command line or its input is wrong; nothing was begun
    Failed   a step did not work; the message says which, and what its output was
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

__all__ = ["Failed", "Misuse", "finish"]


class Misuse(Exception):
    """What was asked for makes no sense; the message says what does."""


class Failed(Exception):
    """A step failed. ``output`` is what it printed, for the person who has to find out why."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output.strip()


def finish(main: Callable[[], int]) -> int:
    """The exit code of ``main``, with its errors told in one message each."""
    try:
        return main()
    except Misuse as error:
        return _tell(str(error), 2)
    except Failed as error:
        return _tell(f"{error}\n{error.output}" if error.output else str(error), 1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _tell(f"the disk is full{where}; make room and run this again. What was there before is unchanged.")
        return _tell(f"{error.strerror or error}{where}")
    except KeyboardInterrupt:
        return _tell("stopped. What was finished stays; run this again to go on.", 130)


def _tell(message: str, code: int = 1) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code
