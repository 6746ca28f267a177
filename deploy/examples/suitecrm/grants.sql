-- The database user that Debezium reads with. It may read the tables and the binary log, and change nothing.
CREATE USER 'debezium'@'10.0.0.%' IDENTIFIED BY 'choose one';
GRANT SELECT, LOCK TABLES ON suitecrm.* TO 'debezium'@'10.0.0.%';
GRANT RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'debezium'@'10.0.0.%';

-- What the server itself needs, in my.cnf; it takes a restart:
--   server-id = 1
--   log_bin = binlog
--   binlog_format = ROW
--   binlog_row_image = FULL
--   expire_logs_days = 7
