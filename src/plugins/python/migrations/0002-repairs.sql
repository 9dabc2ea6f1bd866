-- How often metadata of packages of a domain was repaired: pages that were made before are out of date.
create table python_repair (
  domain_id integer primary key references domain (id) on delete cascade,
  number bigint not null
);
