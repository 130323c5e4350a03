"""Measures the quality of the answers: gold questions, metrics, runs and reports. Imports rag and index, never api."""
