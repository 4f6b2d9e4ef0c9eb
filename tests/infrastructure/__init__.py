"""Tests of the synthesised infrastructure."""
