-- Parts of OpenPGP keys. They belong together by what they say, not by ids: public_key is a fingerprint, signed the name of what a
-- signature is about within its key. raw_data: the body of the packet in base64. Times of expiry are seconds after the making.
create table openpgp_publickey (
  content_id bigint primary key,
  fingerprint text not null,
  created timestamptz not null,
  raw_data text not null
);
create index openpgp_publickey_fingerprint on openpgp_publickey (fingerprint);

create table openpgp_publicsubkey (
  content_id bigint primary key,
  public_key text not null,
  fingerprint text not null,
  created timestamptz not null,
  raw_data text not null
);
create index openpgp_publicsubkey_key on openpgp_publicsubkey (public_key);
create index openpgp_publicsubkey_fingerprint on openpgp_publicsubkey (fingerprint);

create table openpgp_userid (
  content_id bigint primary key,
  public_key text not null,
  user_id text not null,
  raw_data text not null
);
create index openpgp_userid_key on openpgp_userid (public_key);

create table openpgp_userattribute (
  content_id bigint primary key,
  public_key text not null,
  sha256 text not null,
  raw_data text not null
);
create index openpgp_userattribute_key on openpgp_userattribute (public_key);

create table openpgp_signature (
  content_id bigint primary key,
  public_key text not null,
  signed text not null,
  sha256 text not null,
  signature_type integer not null,
  created timestamptz,
  expiration_time bigint,
  key_expiration_time bigint,
  issuer text,
  signers_user_id text,
  raw_data text not null
);
create index openpgp_signature_key on openpgp_signature (public_key, signed);
create index openpgp_signature_issuer on openpgp_signature (issuer);
