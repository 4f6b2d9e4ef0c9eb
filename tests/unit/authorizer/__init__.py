"""Tests of runtime.authorizer."""
