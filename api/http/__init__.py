"""The HTTP routes, with what they take and return."""
