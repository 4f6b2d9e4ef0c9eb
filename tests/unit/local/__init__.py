"""Tests of runtime.local."""
