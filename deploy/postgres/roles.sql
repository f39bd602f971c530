-- Three roles with no more rights than their work needs. Run once, by an administrator, in the system's database,
-- before the first `migrate`; then give each role that logs in a password.
--
--   capital_owner    `migrate`, `replay`: owns the schema, and those that replays make beside it
--   capital_worker   `consume`, `lookup`, `dead-letters`, `backfill`, `reconcile`, `show`: rows, never tables
--   capital_reader   people and other services: select only

CREATE ROLE capital_owner LOGIN;
CREATE ROLE capital_worker LOGIN;
CREATE ROLE capital_reader LOGIN;

CREATE SCHEMA capital AUTHORIZATION capital_owner;
GRANT USAGE ON SCHEMA capital TO capital_worker, capital_reader;

-- Tables that later migrations make are covered, too.
ALTER DEFAULT PRIVILEGES FOR ROLE capital_owner IN SCHEMA capital
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO capital_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE capital_owner IN SCHEMA capital
    GRANT SELECT ON TABLES TO capital_reader;

-- For replays only: each writes to a schema of its own.
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO capital_owner', current_database()); END $$;
