-- What moves when settings do: a reload, a start, ALTER ROLE and ALTER
-- DATABASE. A tenth of the cost of reading pg_settings. Needs no grant.
SELECT pg_catalog.pg_conf_load_time(),
       pg_catalog.pg_postmaster_start_time(),
       (SELECT pg_catalog.hashtextextended(pg_catalog.string_agg(
                   pg_catalog.concat_ws('|', r.rolname, d.datname, s.setrole, s.setdatabase, s.setconfig), ';'
                   ORDER BY s.setrole, s.setdatabase), 0)
          FROM pg_catalog.pg_db_role_setting s
          LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
          LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase)
