"""Measurements that are no tests: run by hand, each prints its figures and how they came about."""
