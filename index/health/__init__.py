"""Finds damaged projections and repairs them."""
