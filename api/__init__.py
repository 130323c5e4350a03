"""The doors: HTTP, command line and chat page."""
