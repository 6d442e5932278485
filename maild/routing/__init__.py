"""The rule language: conditions on a mail, and what follows where they hold. Values in, values out."""
