-- What the files say, and which line the server does not take. Needs
-- GRANT SELECT ON pg_file_settings
-- and GRANT EXECUTE ON FUNCTION pg_show_all_file_settings().
SELECT name, setting, sourcefile, sourceline, error IS NOT NULL
  FROM pg_catalog.pg_file_settings
 ORDER BY seqno
