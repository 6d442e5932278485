"""Keys and signatures: DKIM made and checked, PGP and S/MIME checked, and the DNS that is asked for DKIM keys.

The one door to dkimpy, dnspython, gpg and openssl. Whose signature counts for what is decided elsewhere.
"""
