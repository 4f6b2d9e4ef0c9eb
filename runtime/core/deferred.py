"""Modules that are imported when something of them is first used, and not before.

Libraries import what only some of their features need, and a cold start pays for it. (The standard library's
``importlib.util.LazyLoader`` does not help there: a plain ``import`` statement already makes it load.)
"""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

__all__ = ["defer"]


def defer(name: str) -> None:
    """Let ``import name`` cost nothing until something of it is used. What is imported already stays as it is."""
    if name not in sys.modules:
        sys.modules[name] = _Deferred(name)


class _Deferred(ModuleType):
    """Stands in ``sys.modules`` for a module, and becomes it when the first attribute is asked for."""

    _lock = threading.Lock()

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__path__":  # The import system itself looks at those.
            raise AttributeError(attribute)
        with self._lock:  # Not while importing: the import system has locks of its own.
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
        real = importlib.import_module(self.__name__)
        self.__dict__.update(vars(real))
        return getattr(real, attribute)
