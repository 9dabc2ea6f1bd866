-- Headers for requests to an upstream server, for its API as for its content.
alter table upstream_pulp add column headers jsonb;
