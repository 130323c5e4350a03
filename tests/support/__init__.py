"""Helpers of tests, benchmarks and torture: servers, model servers, corpora, clients."""
