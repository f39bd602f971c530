-- The roles of one database, each with the rights it uses. An administrator runs this once, connected to that database,
-- before the first `capital-worker migrate`; then gives each a password:  ALTER ROLE capital_worker PASSWORD '…';
--
--   capital_owner    migrates and replays; its URL is the secret `database-owner`
--   capital_worker   consumes, asks and reconciles; `database-worker`
--   capital_reader   is for people and other services; it may select, and nothing else

CREATE ROLE capital_owner LOGIN;
CREATE ROLE capital_worker LOGIN;
CREATE ROLE capital_reader LOGIN;

-- Who may do what is said below, and for nobody else.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO capital_worker, capital_reader', current_database()); END $$;
-- A replay makes a schema beside the live one.
DO $$ BEGIN EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO capital_owner', current_database()); END $$;

-- The schema of CAPITAL_DATABASE_SCHEMA.
CREATE SCHEMA capital AUTHORIZATION capital_owner;
GRANT USAGE ON SCHEMA capital TO capital_worker, capital_reader;
-- For every table that a migration makes, now and later.
ALTER DEFAULT PRIVILEGES FOR ROLE capital_owner IN SCHEMA capital
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO capital_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE capital_owner IN SCHEMA capital
    GRANT SELECT ON TABLES TO capital_reader;
