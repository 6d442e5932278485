"""The ways in: listener, mailboxes, pipe, and the inbox that makes "accepted" mean "durable". Nothing here reads a mail."""
