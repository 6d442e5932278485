"""The command: one file per group of verbs. Verbs only translate; what they do is done below."""
