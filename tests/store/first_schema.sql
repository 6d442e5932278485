CREATE INDEX inbox_by_digest ON inbox (digest);
CREATE INDEX inbox_by_source ON inbox (source) WHERE channel = 'imap';
CREATE INDEX inbox_by_state ON inbox (state, id, next_at);
CREATE INDEX ix_clocks_ticket_id ON clocks (ticket_id);
CREATE INDEX ix_events_ticket_id ON events (ticket_id);
CREATE INDEX ix_links_ticket_id ON links (ticket_id);
CREATE INDEX ix_messages_inbox_id ON messages (inbox_id);
CREATE INDEX ix_messages_ticket_id ON messages (ticket_id);
CREATE INDEX ix_outbox_ticket_id ON outbox (ticket_id);
CREATE INDEX outbox_by_recipient ON outbox (kind, recipient_key, created_at);
CREATE INDEX outbox_by_state ON outbox (state, next_at, id);
CREATE INDEX tickets_by_requester ON tickets (requester_key, status);
CREATE INDEX tickets_by_status ON tickets (status, due_at);
CREATE INDEX tickets_by_step ON tickets (next_step_at);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE clocks (
	id INTEGER NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	target VARCHAR(24) NOT NULL, 
	started_at DATETIME NOT NULL, 
	resumed_at DATETIME, 
	spent_microseconds BIGINT NOT NULL, 
	due_at DATETIME, 
	ended_at DATETIME, 
	state VARCHAR(16) NOT NULL, 
	promise TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id)
);
CREATE TABLE counters (
	name VARCHAR(32) NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	at DATETIME NOT NULL, 
	kind TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	because TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id)
);
CREATE TABLE inbox (
	id INTEGER NOT NULL, 
	received_at DATETIME NOT NULL, 
	channel TEXT NOT NULL, 
	source TEXT NOT NULL, 
	envelope_from TEXT, 
	envelope_to JSON NOT NULL, 
	peer TEXT NOT NULL, 
	login TEXT, 
	trusted BOOLEAN NOT NULL, 
	message_id TEXT, 
	digest VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	ticket_id BIGINT, 
	duplicate_of BIGINT, 
	reason TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	decision JSON, 
	traceback TEXT, 
	PRIMARY KEY (id)
);
CREATE TABLE inbox_raw (
	inbox_id INTEGER NOT NULL, 
	raw BLOB NOT NULL, 
	PRIMARY KEY (inbox_id), 
	FOREIGN KEY(inbox_id) REFERENCES inbox (id)
);
CREATE TABLE leases (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	until DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE links (
	id INTEGER NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	other_id BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id)
);
CREATE TABLE mail_ids (
	id INTEGER NOT NULL, 
	id_hash VARCHAR(64) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (id_hash, kind, ticket_id), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id)
);
CREATE TABLE mailboxes (
	name TEXT NOT NULL, 
	uidvalidity BIGINT NOT NULL, 
	last_uid BIGINT NOT NULL, 
	read_at DATETIME NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE messages (
	id INTEGER NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	inbox_id BIGINT, 
	outbox_id BIGINT, 
	digest VARCHAR(64), 
	at DATETIME NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	visibility VARCHAR(16) NOT NULL, 
	mail_class VARCHAR(16) NOT NULL, 
	sender_name TEXT, 
	sender_address TEXT, 
	"to" JSON NOT NULL, 
	cc JSON NOT NULL, 
	message_id TEXT, 
	in_reply_to TEXT, 
	"references" JSON NOT NULL, 
	subject TEXT NOT NULL, 
	text TEXT NOT NULL, 
	reply TEXT NOT NULL, 
	attachments JSON NOT NULL, 
	author TEXT, 
	proposed BOOLEAN NOT NULL, 
	unverified BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id), 
	UNIQUE (digest)
);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	message_id TEXT NOT NULL, 
	kind VARCHAR(24) NOT NULL, 
	header_from JSON NOT NULL, 
	envelope_from TEXT NOT NULL, 
	recipients JSON NOT NULL, 
	recipient_key VARCHAR(320) NOT NULL, 
	subject TEXT NOT NULL, 
	ticket_id BIGINT, 
	unique_key TEXT, 
	state VARCHAR(16) NOT NULL, 
	attempts INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_at DATETIME, 
	sent_at DATETIME, 
	last_error TEXT NOT NULL, 
	claimed_by TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (unique_key)
);
CREATE TABLE outbox_raw (
	outbox_id INTEGER NOT NULL, 
	raw BLOB NOT NULL, 
	PRIMARY KEY (outbox_id), 
	FOREIGN KEY(outbox_id) REFERENCES outbox (id)
);
CREATE TABLE participants (
	id INTEGER NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	"key" VARCHAR(320) NOT NULL, 
	name TEXT NOT NULL, 
	address TEXT NOT NULL, 
	confirmed BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (ticket_id, "key"), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id)
);
CREATE TABLE steps_done (
	id INTEGER NOT NULL, 
	ticket_id BIGINT NOT NULL, 
	"key" TEXT NOT NULL, 
	done_at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (ticket_id, "key"), 
	FOREIGN KEY(ticket_id) REFERENCES tickets (id)
);
CREATE TABLE tickets (
	id INTEGER NOT NULL, 
	number TEXT NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	subject TEXT NOT NULL, 
	base_subject TEXT NOT NULL, 
	queue TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	assignee TEXT, 
	priority VARCHAR(16) NOT NULL, 
	tags JSON NOT NULL, 
	fields JSON NOT NULL, 
	requester_name TEXT, 
	requester_address TEXT, 
	requester_key VARCHAR(320), 
	language VARCHAR(16) NOT NULL, 
	channel TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	solved_at DATETIME, 
	due_at DATETIME, 
	next_step_at DATETIME, 
	promise TEXT, 
	PRIMARY KEY (id), 
	UNIQUE (number)
);
