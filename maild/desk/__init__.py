"""The one who acts: for every mail, order and deadline gather, decide, apply - in one transaction."""
