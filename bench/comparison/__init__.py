"""Measures logfia beside other tools, and draws what was measured."""
