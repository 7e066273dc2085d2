-- Keep the time when a runner looks at a payout next, whichever function writes the payout.
create or replace function payout_comes_due() returns trigger language plpgsql as $$
begin
  if new.due_at is null then
    delete from payout_due where payout_id = new.id;
  else
    insert into payout_due (payout_id, due_at) values (new.id, new.due_at)
      on conflict (payout_id) do update set due_at = excluded.due_at;
  end if;
  return null;
end $$;
create or replace trigger payout_opens_due after insert on payout for each row
  when (new.due_at is not null) execute function payout_comes_due();
create or replace trigger payout_comes_due after update of due_at on payout for each row
  when (new.due_at is distinct from old.due_at) execute function payout_comes_due();

-- Write many payouts' decisions in one statement, as `move_payout` and `put_message` do for one.
-- The payouts come as arrays of one length. Their transfers and messages name the payout by its
-- place (1 for the first). Return the places of the payouts that were still as read. Nothing is
-- written of the others. Any broken rule undoes all of it (GW001), and then each payout must be
-- written by itself.
drop type if exists payout_move;
create type payout_move as (
  id uuid, version int, was text, state text, tries smallint, maybe_taken boolean, misses smallint,
  first_sent_at timestamptz, sent_at timestamptz, due_at timestamptz, receipt text, reason text,
  reference text, hinted_ours boolean, open boolean, event text, note text
);
-- `move` is the place of the payout's move among the moves, from 1.
drop type if exists payout_posting;
create type payout_posting as (
  move int, id uuid, debit bigint, credit bigint, amount bigint, currency text, code smallint, cause text
);
drop type if exists payout_message;
create type payout_message as (
  move int, channel text, worker bigint, sealed bytea, index bytea, text text, segments smallint,
  encoding text, purpose text, priority smallint, cause text, batch text, lane text
);
create or replace function move_payouts(
  p_moves payout_move[], p_postings payout_posting[], p_messages payout_message[]
) returns int[] language plpgsql as $$
declare v_moved int[];
begin
  if exists (select from unnest(p_moves) g where g.event in ('resolved_paid', 'resolved_failed', 'approve')) then
    raise exception 'decisions of persons are written one by one' using errcode = 'GW010';
  end if;
  with moved as (
    update payout p set version = p.version + 1, state = g.state, tries = g.tries, maybe_taken = g.maybe_taken,
        misses = g.misses, first_sent_at = g.first_sent_at, sent_at = g.sent_at, due_at = g.due_at,
        receipt = g.receipt, reason = g.reason, reference = g.reference, hinted_ours = g.hinted_ours,
        settled_at = case when not g.open then coalesce(p.settled_at, now()) end
      from unnest(p_moves) with ordinality
        as g(id, version, was, state, tries, maybe_taken, misses, first_sent_at, sent_at, due_at, receipt, reason,
          reference, hinted_ours, open, event, note, n)
      where p.id = g.id and p.version = g.version and p.state = g.was
      returning g.n)
  select coalesce(array_agg(n::int), '{}') into v_moved from moved;
  insert into payout_event (payout_id, event, was, becomes, note)
    select p_moves[n].id, p_moves[n].event, p_moves[n].was, p_moves[n].state, p_moves[n].note
      from unnest(v_moved) n where p_moves[n].event <> '' order by n;
  if cardinality(p_postings) > 0 then
    perform post_all(array_agg(x.id), array_agg(x.debit), array_agg(x.credit), array_agg(x.amount),
        array_agg(x.currency), array_agg(x.code), array_agg(x.cause))
      from unnest(p_postings) x where x.move = any(v_moved) having count(*) > 0;
  end if;
  if cardinality(p_messages) > 0 then
    with told as (
      select x.*, nextval('outbox_id_seq') as id, coalesce(w.msisdn_sealed, x.sealed) as hers,
          coalesce(w.msisdn_index, x.index) as her_index
        from unnest(p_messages) x
          -- A worker's message goes to the number that is hers now: see put_message.
          left join (select w.id, w.msisdn_sealed, w.msisdn_index, w.number_lost_at from worker w
            where w.id = any(array(select m.worker from unnest(p_messages) m)) for key share) w on w.id = x.worker
        where x.move = any(v_moved) and w.number_lost_at is null order by x.move
    ), k as (
      insert into outbox_key (cause, id, created_at, lasting)
        select cause, id, now(), purpose = 'money' from told where cause is not null order by cause
        on conflict (cause) do nothing returning id
    )
    insert into outbox (id, channel, worker_id, to_sealed, to_index, text, segments, encoding, purpose, priority, cause,
        batch_id, lane)
      select t.id, t.channel, t.worker, t.hers, t.her_index, t.text, t.segments, t.encoding, t.purpose, t.priority,
          t.cause, t.batch, t.lane
        from told t where t.cause is null or t.id in (select k.id from k) order by t.move;
  end if;
  return v_moved;
exception when unique_violation or check_violation then
  raise exception 'one of % payouts breaks a rule: %', cardinality(p_moves), sqlerrm using errcode = 'GW001';
end $$;
