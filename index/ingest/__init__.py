"""How documents come into the store: plan and sync of a folder, uploads, watching for changes."""
