"""The admins' files: TOML text becomes typed values, and every mistake is told at once, with its place."""
