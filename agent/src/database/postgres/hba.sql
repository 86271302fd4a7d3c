-- Lines of pg_hba.conf that the server does not take. Needs
-- GRANT SELECT ON pg_hba_file_rules
-- and GRANT EXECUTE ON FUNCTION pg_hba_file_rules().
SELECT line_number
  FROM pg_catalog.pg_hba_file_rules
 WHERE error IS NOT NULL
 ORDER BY line_number
 LIMIT 20
