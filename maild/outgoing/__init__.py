"""The way out: letters are written and handed to a relay. What is said to whom is decided elsewhere."""
