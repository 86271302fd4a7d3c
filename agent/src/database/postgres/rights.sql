-- What the role may see.
SELECT CURRENT_USER,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
           OR pg_catalog.pg_has_role(CURRENT_USER, 'pg_read_all_settings', 'USAGE'),
       pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
           AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE'),
       pg_catalog.has_table_privilege('pg_catalog.pg_hba_file_rules', 'SELECT')
           AND pg_catalog.has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')
