"""The ways in: listener, mailboxes, pipe, and the inbox that makes "accepted" mean "durable". No mail is read here."""
