-- Persons who decide about money. Everything that is decided by two of them asks `person_counts` at the moment of the
-- second word, of both: a person who was disabled or whose key expired meanwhile has not said anything.

create or replace trigger person_event_is_forever before update or delete on person_event
  for each row execute function only_ever_grows();

create or replace function person_counts(p_person bigint) returns boolean language sql stable as $$
  select exists (select from person where id = p_person and gone_at is null and expires_at > now())
$$;
