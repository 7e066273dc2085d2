-- Partners: what they earn with an answer, and histories that only grow.

create or replace trigger partner_event_is_forever before update or delete on partner_event
  for each row execute function only_ever_grows();
create or replace trigger partner_criterion_is_forever before update or delete on partner_criterion
  for each row execute function only_ever_grows();
create or replace trigger partner_invoice_item_is_forever before update or delete on partner_invoice_item
  for each row execute function only_ever_grows();
create or replace trigger batch_share_event_is_forever before update or delete on batch_share_event
  for each row execute function only_ever_grows();

-- An adjustment that ends otherwise than it stood is looked at again for the worker's partner.
create or replace function adjustment_ends_for_partner() returns trigger language plpgsql as $$
begin
  if new.state in ('dropped', 'void') and old.state <> new.state then
    new.partner_due := true;
  end if;
  return new;
end $$;
create or replace trigger adjustment_ends_for_partner before update of state on adjustment
  for each row execute function adjustment_ends_for_partner();

-- Pay a partner its price of an answer that this statement records, and return whether it was paid.
-- A partner that was never admitted earns nothing: the money stays with the batch. The guard of
-- `record_answer` makes this the only time. A second one would violate the transfers' key.
create or replace function pay_partner(
  p_partner bigint, p_hold_account bigint, p_transfers uuid[], p_credits bigint[], p_amounts bigint[], p_currency text,
  p_codes smallint[], p_causes text[]
) returns boolean language plpgsql as $$
begin
  insert into transfer (id, debit, credit, amount, currency, code, cause)
    select t.id, p_hold_account, t.credit, t.amount, p_currency, t.code, t.cause
      from unnest(p_transfers, p_credits, p_amounts, p_codes, p_causes) as t(id, credit, amount, code, cause)
      where exists (select from partner where id = p_partner and admitted_at is not null);
  return found;
end $$;
