"""Bytes become a Mail: headers, bodies, the visible reply, the class, addresses, tokens. No world is touched here."""
