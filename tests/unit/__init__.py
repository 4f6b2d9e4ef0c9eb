"""Tests of single parts, in process."""
