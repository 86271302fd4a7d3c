-- Every setting. Without pg_read_all_settings some are left out, and all files.
SELECT name, reset_val, unit, context, source, sourcefile, sourceline, pending_restart
  FROM pg_catalog.pg_settings
