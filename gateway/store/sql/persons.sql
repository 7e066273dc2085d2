-- The persons who decide about money. Every decision of two persons calls `person_counts` for both
-- at the moment of the second word. The word of a person who was disabled or whose key expired
-- meanwhile does not count.

create or replace trigger person_event_is_forever before update or delete on person_event
  for each row execute function only_ever_grows();

create or replace function person_counts(p_person bigint) returns boolean language sql stable as $$
  select exists (select from person where id = p_person and gone_at is null and expires_at > now())
$$;
