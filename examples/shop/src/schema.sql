CREATE TABLE IF NOT EXISTS stock (
    item TEXT PRIMARY KEY,
    cents BIGINT NOT NULL,
    pieces BIGINT NOT NULL CHECK (pieces >= 0)
);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    item TEXT NOT NULL REFERENCES stock,
    pieces BIGINT NOT NULL,
    cents BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'placed',
    reason TEXT
);
-- What the bank has taken; its own affair, and no business of the shop's.
CREATE TABLE IF NOT EXISTS charges (
    order_id BIGINT PRIMARY KEY,
    cents BIGINT NOT NULL,
    asked BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS mails (order_id BIGINT PRIMARY KEY, text TEXT NOT NULL);
INSERT INTO stock VALUES ('pen', 190, 7), ('ink', 1250, 3), ('desk', 24900, 1)
    ON CONFLICT DO NOTHING;
