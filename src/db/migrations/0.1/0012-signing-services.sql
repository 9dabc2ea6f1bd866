-- Programs that sign files, for all domains. class: app label and class name of what they make (core:AsciiArmoredDetachedSigningService).
create table signing_service (
  pulp_id uuid primary key,
  name text not null constraint signing_service_name_unique unique,
  class text not null,
  public_key text not null,
  pubkey_fingerprint text not null,
  script text not null,
  pulp_created timestamptz not null default now(),
  pulp_last_updated timestamptz not null default now()
);
