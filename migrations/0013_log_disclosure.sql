-- 不開示: since when a person's access log is closed to disclosure.
alter table person add column log_closed_at timestamptz;
