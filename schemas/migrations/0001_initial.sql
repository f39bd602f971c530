-- The tables of one system. Keys begin with (livemode, account), so that test and live never meet and the whole
-- can be distributed by account. Every statement of a lane runs behind the fence on `cursor`.

-- One lane: the next offset to take, the next outbox number to give, and whose it is; and the last record taken, by
-- its offset and a digest, which tells whether the topic is still the same.
CREATE TABLE cursor (
    partition   integer PRIMARY KEY CHECK (partition >= 0),
    epoch       bigint  NOT NULL CHECK (epoch > 0),
    next_offset bigint  NOT NULL CHECK (next_offset >= 0),
    next_number bigint  NOT NULL CHECK (next_number > 0),
    owner       text    NOT NULL,
    last_offset bigint  CHECK (last_offset < next_offset),
    last_digest bytea   CHECK ((last_digest IS NULL) = (last_offset IS NULL))
);

-- The inbox and the event log: every record of an account once, its bytes untouched. What a quiet one made known
-- was not told. `ours`: an answer of Stripe's API or a command, as its header said; what Stripe sent is never that,
-- whatever type it names. `traceparent` is what the record brought.
CREATE TABLE event (
    livemode      boolean     NOT NULL,
    account       text        NOT NULL,
    created       timestamptz NOT NULL,
    event_id      text        NOT NULL,
    type          text        NOT NULL,
    object_id     text,
    partition     integer     NOT NULL,
    record_offset bigint      NOT NULL,
    recorded_at   timestamptz NOT NULL,
    repeats       integer     NOT NULL DEFAULT 0,
    quiet         boolean     NOT NULL DEFAULT false,
    ours          boolean     NOT NULL,
    traceparent   text,
    body          bytea       NOT NULL,
    PRIMARY KEY (livemode, account, created, event_id)
);

CREATE TABLE account (
    livemode          boolean NOT NULL,
    account           text    NOT NULL,
    partition         integer NOT NULL,
    sequence          bigint  NOT NULL CHECK (sequence >= 0),
    country           text,
    policy            text,
    policy_source     text,
    withheld_offer_id text,
    withhold_rate     numeric,
    quarantined       boolean NOT NULL DEFAULT false,
    facts             json    NOT NULL,
    PRIMARY KEY (livemode, account)
);

-- `facts` is what the rules know, with where they know it from; the columns beside it are for readers.
CREATE TABLE offer (
    livemode                boolean     NOT NULL,
    account                 text        NOT NULL,
    offer_id                text        NOT NULL,
    status                  text,
    product_type            text,
    financing_type          text,
    currency                text,
    policy                  text,
    original_offer_id       text,
    discount_state          text,
    discount_amount         bigint,
    offered_advance_amount  bigint,
    offered_fee_amount      bigint,
    offered_withhold_rate   numeric,
    accepted_advance_amount bigint,
    accepted_fee_amount     bigint,
    accepted_withhold_rate  numeric,
    replacement_for         text,
    created_at              timestamptz,
    expires_at              timestamptz,
    facts                   json        NOT NULL,
    PRIMARY KEY (livemode, account, offer_id)
);

-- Milestones that are known and wait: behind which gate, for what, since when, and until when before Stripe is
-- asked; null where what they wait for is held or asked for itself.
CREATE TABLE held (
    livemode    boolean     NOT NULL,
    account     text        NOT NULL,
    offer_id    text        NOT NULL,
    milestone   text        NOT NULL,
    gate        text        NOT NULL,
    waiting_for text[]      NOT NULL,
    since       timestamptz NOT NULL,
    until       timestamptz,
    PRIMARY KEY (livemode, account, offer_id, milestone)
);

-- Which financing a refill refills, how that was found and how sure it is; `revision` is the last one told.
CREATE TABLE refill_link (
    livemode          boolean NOT NULL,
    account           text    NOT NULL,
    refill_offer_id   text    NOT NULL,
    original_offer_id text,
    method            text,
    confidence        text,
    evidence          text[]  NOT NULL,
    revision          integer NOT NULL,
    PRIMARY KEY (livemode, account, refill_offer_id)
);

-- The account's financing summary as Stripe last showed it; under stacking it describes one of two financings.
CREATE TABLE summary (
    livemode         boolean NOT NULL,
    account          text    NOT NULL,
    status           text,
    offer_id         text,
    advance_amount   bigint,
    fee_amount       bigint,
    paid_amount      bigint,
    remaining_amount bigint,
    currency         text,
    withhold_rate    numeric,
    interval_due_at           timestamptz,
    interval_paid_amount      bigint,
    interval_remaining_amount bigint,
    revision         integer NOT NULL,
    PRIMARY KEY (livemode, account)
);

-- Questions for Stripe: `due` is the rules' own; attempts, retry time and lease are the lookup role's.
CREATE TABLE lookup (
    livemode boolean     NOT NULL,
    account  text        NOT NULL,
    kind     text        NOT NULL CHECK (kind IN ('survey', 'offer', 'summary')),
    subject  text        NOT NULL,
    due      timestamptz NOT NULL,
    attempts integer     NOT NULL DEFAULT 0,
    retry_at timestamptz NOT NULL,
    PRIMARY KEY (livemode, account, kind, subject)
);
CREATE INDEX lookup_by_retry ON lookup (retry_at);
CREATE INDEX lookup_failing ON lookup (retry_at) WHERE attempts > 1;

CREATE TABLE transaction (
    livemode             boolean     NOT NULL,
    account              text        NOT NULL,
    transaction_id       text        NOT NULL,
    type                 text,
    reason               text,
    offer_id             text,
    advance_amount       bigint,
    fee_amount           bigint,
    total_amount         bigint,
    currency             text,
    created_at           timestamptz,
    reversed_transaction text,
    event_created        timestamptz NOT NULL,
    event_id             text        NOT NULL,
    PRIMARY KEY (livemode, account, transaction_id)
);

-- What is owed to topics, numbered densely within a partition under the cursor's lock. `traceparent` is what the
-- record brought; where it brought none, the trace id is md5(causation_id).
CREATE TABLE outbox (
    livemode      boolean     NOT NULL,
    account       text        NOT NULL,
    partition     integer     NOT NULL,
    number        bigint      NOT NULL,
    record_offset bigint      NOT NULL,
    destination   text        NOT NULL CHECK (destination IN ('notifications', 'dead_letters', 'events')),
    sequence      bigint,
    id            text        NOT NULL,
    type          text        NOT NULL,
    subject       text,
    time          timestamptz NOT NULL,
    causation_id  text        NOT NULL,
    key           bytea       NOT NULL,
    headers       json,
    value         bytea       NOT NULL,
    traceparent   text,
    PRIMARY KEY (livemode, account, partition, number)
);
CREATE INDEX outbox_by_offset ON outbox (partition, record_offset);

-- Records behind a quarantined one of the same account, the quarantined one first, in the order they came.
CREATE TABLE parked (
    livemode      boolean     NOT NULL,
    account       text        NOT NULL,
    partition     integer     NOT NULL,
    record_offset bigint      NOT NULL,
    recorded_at   timestamptz NOT NULL,
    event_id      text        NOT NULL,
    reason        text,
    key           bytea,
    headers       json        NOT NULL,
    value         bytea,
    PRIMARY KEY (livemode, account, record_offset)
);
-- One row for each quarantined account, however much waits behind it.
CREATE INDEX parked_blocking ON parked (recorded_at) WHERE reason IS NOT NULL;

-- How far a backfill has come that was not finished: all that was created before `reached` is on the events topic.
CREATE TABLE backfill (
    livemode boolean     NOT NULL,
    list     text        NOT NULL CHECK (list IN ('events', 'offers')),
    since    timestamptz NOT NULL,
    quiet    boolean     NOT NULL,
    until    timestamptz NOT NULL,
    reached  timestamptz NOT NULL,
    listed   bigint      NOT NULL DEFAULT 0,
    appended bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (livemode, list, since, quiet)
);
