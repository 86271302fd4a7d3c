-- What ALTER ROLE … SET and ALTER DATABASE … SET set. Needs no grant.
SELECT r.rolname, d.datname, pg_catalog.unnest(s.setconfig)
  FROM pg_catalog.pg_db_role_setting s
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
