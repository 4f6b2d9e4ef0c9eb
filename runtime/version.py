"""The emulator's version. Packages on Lambda have no metadata to ask, so it is written here; a test compares."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
