-- The events that clients' webhooks are told. Each is written in the transaction of its fact, so
-- that none is lost and none is told of a fact that did not happen.

-- Return whether an active webhook of a client receives this type of event of this batch. Clients do
-- not know the batches that review and audit their own.
create or replace function is_told(p_client text, p_batch text, p_type text) returns boolean language sql stable as $$
  select exists (select from webhook w where w.client_id = p_client and w.state = 'active'
    and (w.events = '{}' or p_type = any (w.events)) and (w.batch_id is null or w.batch_id = p_batch))
    and not exists (select from check_batch c where c.batch_id = p_batch)
$$;

-- Write an event, if a webhook receives it.
create or replace function tell_client(p_client text, p_batch text, p_type text, p_data jsonb) returns void language plpgsql as $$
begin
  if is_told(p_client, p_batch, p_type) then
    insert into client_event (client_id, batch_id, type, data) values (p_client, p_batch, p_type, p_data);
  end if;
end $$;

-- Tell the client that a batch has changed its state, whichever step changed it.
create or replace function batch_state_is_told() returns trigger language plpgsql as $$
begin
  if new.state = old.state then
    return null;
  end if;
  perform tell_client(new.client_id, new.id,
    case new.state when 'running' then 'batch.started' else 'batch.' || new.state end,
    jsonb_build_object('batch', new.id, 'state', new.state)
      || case when new.state = 'paused' and exists (select from pilot p where p.batch_id = new.id and p.state = 'ended')
           then '{"reason": "pilot"}'::jsonb else '{}' end);
  if new.state = 'running' and is_told(new.client_id, new.id, 'batch.progress') then
    insert into batch_progress (batch_id) values (new.id) on conflict do nothing;
  end if;
  return null;
end $$;
create or replace trigger batch_state_is_told after update of state on batch
  for each row execute function batch_state_is_told();

-- Tell the client that a project is over, or that it cannot go on and why. A reason that stays the
-- same at the next try is told once.
create or replace function project_state_is_told() returns trigger language plpgsql as $$
begin
  if new.state <> old.state and new.state in ('done', 'cancelled') then
    perform tell_client(new.client_id, null, 'project.' || new.state,
      jsonb_build_object('project', new.id, 'state', new.state));
  elsif new.waits is distinct from old.waits and new.waits is not null then
    perform tell_client(new.client_id, null, 'project.failed',
      jsonb_build_object('project', new.id, 'state', new.state, 'because', new.waits));
  end if;
  return null;
end $$;
create or replace trigger project_state_is_told after update of state, waits on project
  for each row execute function project_state_is_told();

-- Tell the client that a batch was started which could not be afforded once more.
create or replace function tell_low_money(p_client text, p_batch text, p_reserved bigint) returns void language plpgsql as $$
declare v_left bigint; v_currency text;
begin
  select a.balance, a.currency into v_left, v_currency
    from client c join account a on a.id = c.account_id where c.id = p_client;
  if v_left < p_reserved then
    perform tell_client(p_client, p_batch, 'money.low', jsonb_build_object('batch', p_batch,
      'available_minor', v_left, 'reserved_minor', p_reserved, 'currency', v_currency));
  end if;
end $$;

-- Make a message of events of one client and one batch, and a delivery for each webhook that
-- receives it. Return the number of deliveries. The caller deletes the events in the same transaction.
create or replace function publish_event(
  p_message text, p_client text, p_batch text, p_type text, p_body text, p_at timestamptz
) returns int language plpgsql as $$
declare v_made int;
begin
  if not is_told(p_client, p_batch, p_type) then
    return 0;
  end if;
  insert into webhook_message (id, client_id, type, body, at) values (p_message, p_client, p_type, p_body, p_at);
  insert into webhook_delivery (webhook_id, message_id, due_at)
    select w.id, p_message, p_at from webhook w where w.client_id = p_client and w.state = 'active'
      and (w.events = '{}' or p_type = any (w.events)) and (w.batch_id is null or w.batch_id = p_batch);
  get diagnostics v_made = row_count;
  return v_made;
end $$;

-- End the waiting deliveries of a webhook that is not active any more.
create or replace function end_deliveries(p_webhook text, p_because text) returns void language plpgsql as $$
begin
  update webhook_delivery set state = 'failed', answer = p_because
    where webhook_id = p_webhook and state = 'waiting';
end $$;
