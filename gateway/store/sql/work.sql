-- Holding, answering and giving back tasks. Each function is one part of a turn, and all parts of a
-- turn are one statement and one commit. Parts that touch tasks come in the order of the tasks'
-- ids, so that two turns over the same two tasks never deadlock. (PostgreSQL would detect that, but
-- only after a second.) If the data have changed since they were read, a part raises GW001, and the
-- turn is decided again.

create or replace function audience_fits(p_audience jsonb, p_partner bigint, p_language text)
returns boolean language sql immutable as $$
  select (not p_audience ? 'languages' or p_audience->'languages' ? p_language)
     and (not p_audience ? 'partners' or p_audience->'partners' @> to_jsonb(p_partner))
$$;

-- Return the current worth of evidence from p_at: `Skill.decayed` in SQL, half of it every 90 days.
create or replace function kept(p_at timestamptz) returns real language sql stable as $$
  select power(0.5::float8, greatest(0, extract(epoch from now() - p_at))::float8 / 7776000)::real
$$;

-- Return whether a worker's gold has paused this kind of question for her at the moment.
create or replace function is_paused(p_worker bigint, p_kind text) returns boolean language sql stable as $$
  select exists (select from skill s where s.worker_id = p_worker and s.kind = p_kind and s.paused_until > now())
$$;

-- Return whether a worker has passed the lesson for this kind.
create or replace function has_learned(p_worker bigint, p_kind text) returns boolean language sql stable as $$
  select exists (select from skill s where s.worker_id = p_worker and s.kind = p_kind and s.lesson_passed_at is not null)
$$;

-- Return the digest that makes two gold questions the same one for a worker.
create or replace function gold_digest(p_text text) returns bigint language sql immutable as $$
  select hashtextextended(p_text, 0)
$$;

-- Return the likelihood that a worker is right: `Skill.mean` in SQL, from evidence of that age.
create or replace function skill_mean(p_right real, p_wrong real, p_at timestamptz) returns real language sql stable as $$
  select (coalesce(p_right * kept(p_at), 0) + 6.0)::real / (coalesce((p_right + p_wrong) * kept(p_at), 0) + 8.0)::real
$$;

-- Return whether an open task may go to a worker. Some tasks want a better worker at first, and
-- some are kept for a partner's workers for a while.
create or replace function is_hers(
  p_skill_wanted real, p_better_until timestamptz, p_skill real, p_kept_for bigint, p_kept_until timestamptz, p_partner bigint
) returns boolean language sql stable as $$
  select (p_skill_wanted is null or p_skill_wanted <= p_skill or p_better_until <= now())
     and (p_kept_for is null or p_kept_for = p_partner or p_kept_until <= now())
$$;

-- Return how many more questions of a batch with limits a worker may get. Those that she holds
-- count. A day is the last 24 hours.
create or replace function room_left(p_worker bigint, p_batch text, p_max int, p_day_max int) returns int language sql stable as $$
  select least(p_max - count(*), p_day_max - count(*) filter (where x.created_at > now() - interval '1 day'))::int
      - (select count(*) from assignment a join task h on h.id = a.task_id
          where a.worker_id = p_worker and a.state = 'held' and h.batch_id = p_batch)::int
    from answer x join task t on t.id = x.task_id
    where x.worker_id = p_worker and x.capped and t.batch_id = p_batch
$$;

-- Return the first task addressed to a worker by name that she could be asked now. A fence (offset
-- 0) on either side makes PostgreSQL look at her own few rows one by one, whatever the planner
-- believes of the tables' sizes.
create or replace function work_by_name(p_worker bigint, p_currency text, p_held bigint)
returns table (task bigint, batch text, text text) language sql stable as $$
  select t.id, t.batch_id, t.text
    from (select d.task_id, d.position from directed d where d.worker_id = p_worker and not d.asked
        order by d.batch_position offset 0) d,
      lateral (select k.id, k.batch_id, k.text from task k join batch b on b.id = k.batch_id
        where k.id = d.task_id and k.state = 'open' and b.state = 'running' and b.currency = p_currency
          and d.position < k.wanted and not k.is_full and k.id is distinct from p_held
          and not is_paused(p_worker, b.kind) and (not b.needs_lesson or has_learned(p_worker, b.kind)) offset 0) t
    limit 1
$$;

-- Analyse tables into which many rows came at once. Otherwise the planner's statistics are
-- outdated, and their stored plans stay in use until autovacuum runs. The function has the owner's
-- rights, since only an owner may do this.
create or replace function plan_anew() returns void language plpgsql security definer set search_path from current as $$
begin
  analyze task, directed;
end $$;

-- Give a task to a worker, if it still wants an answer. A question that lapsed may be asked again.
create or replace function hold_task(
  p_task bigint, p_worker bigint, p_via text, p_lease_until timestamptz
) returns bigint language plpgsql as $$
declare v_id bigint; v_directed boolean; v_gold boolean; v_text text; v_asked jsonb;
begin
  update task set held = held + 1
    where id = p_task and state = 'open' and answered + held < wanted
    returning directed, gold is not null, text, fields_asked into v_directed, v_gold, v_text, v_asked;
  if not found then
    raise exception 'task % wants no more answers', p_task using errcode = 'GW001';
  end if;
  insert into assignment (task_id, worker_id, via, lease_until, record)
    values (p_task, p_worker, p_via, p_lease_until, case when v_asked is not null then jsonb_build_object('asked', v_asked) end)
    on conflict (task_id, worker_id) do update set state = 'held', via = excluded.via, lease_until = excluded.lease_until,
        -- The number that it had in an earlier message no longer counts. What she typed of the same
        -- fields does.
        asked_at = now(), delivered_at = null, item = null,
        record = case when assignment.record->'asked' is not distinct from v_asked then assignment.record else excluded.record end
      where assignment.state = 'expired'
    returning id into v_id;
  if v_id is null then
    raise exception 'worker % had task % before', p_worker, p_task using errcode = 'GW001';
  end if;
  if v_directed then
    update directed set asked = true where task_id = p_task and worker_id = p_worker;
  end if;
  if v_gold then
    insert into gold_seen values (p_worker, gold_digest(v_text)) on conflict do nothing;
  end if;
  return v_id;
end $$;

-- Record one answer: it takes the next paid slot of its task, earns, and leaves the task as the
-- verdict says (p_state 'open' means not decided yet). p_was is the assignment's state as it was
-- read: held or expired. An answer that is not the last one that the task wants never conflicts
-- with another one. The last one was judged on the facts that were read (p_answered,
-- p_wanted_then), so these must still be true. Any number of answers may come to one task at once.
create or replace function record_answer(
  p_assignment bigint, p_was text, p_task bigint, p_answered smallint, p_wanted_then smallint, p_worker bigint, p_kind text, p_via text,
  p_said text, p_value text, p_right boolean,
  p_wanted smallint, p_state text, p_result text, p_confidence real, p_rule text,
  p_ruling text, p_skill_wanted real, p_better_until timestamptz, p_judged jsonb, p_capped boolean,
  p_transfer uuid, p_hold_account bigint, p_worker_account bigint, p_price bigint, p_currency text, p_code smallint, p_cause text
) returns void language plpgsql as $$
declare v_slot smallint; v_directed boolean;
begin
  update assignment set state = 'answered'
    where id = p_assignment and state = p_was and task_id = p_task and worker_id = p_worker;
  if not found then
    raise exception 'assignment % is over', p_assignment using errcode = 'GW001';
  end if;
  update task set answered = answered + 1, held = held - case p_was when 'held' then 1 else 0 end,
      wanted = p_wanted, state = case state when 'open' then p_state else state end,
      value = case state when 'open' then p_result end, confidence = case state when 'open' then p_confidence end,
      rule = case state when 'open' then p_rule end,
      ruling = p_ruling, skill_wanted = case when not directed then p_skill_wanted end, better_until = p_better_until,
      fields_asked = p_judged->'fields', decided_at = case p_state when 'open' then null else now() end
    -- The client may have cancelled the task after it was put to her. Her answer is paid, and the
    -- task stays cancelled.
    where id = p_task and (state = 'open' or state = 'cancelled' and p_was = 'held') and wanted = p_wanted_then
      and (answered = p_answered or greatest(answered, p_answered) + 1 < p_wanted_then)
      -- A late answer takes a slot that no worker holds. The worker who was asked in her place
      -- keeps hers.
      and (p_was = 'held' or answered + held < p_wanted_then)
    returning answered, directed into v_slot, v_directed;
  if not found then
    raise exception 'task % has moved on', p_task using errcode = 'GW001';
  end if;
  if v_directed and p_state <> 'open' then
    update directed set asked = true where task_id = p_task and not asked;
  end if;
  -- The assignment's guard above makes this the only time. A second one would violate the
  -- transfer's key.
  insert into transfer (id, debit, credit, amount, currency, code, cause)
    values (p_transfer, p_hold_account, p_worker_account, p_price, p_currency, p_code, p_cause);
  insert into answer (task_id, worker_id, slot, value, said, via, price, transfer_id, "right", capped, judged)
    values (p_task, p_worker, v_slot, p_value, p_said, p_via, p_price, p_transfer, p_right, p_capped,
      case when p_judged is not null then jsonb_build_array(p_judged) end);
  -- In a batch with gold (p_kind not null), these counts decide when the next gold is due, so they
  -- cannot wait.
  if p_kind is not null then
    insert into skill as k (worker_id, kind, answers, gold_right, gold_wrong, trial_right, trial_wrong)
      values (p_worker, p_kind, 1, coalesce(p_right, false)::int, coalesce(not p_right, false)::int,
        coalesce(p_right, false)::int, coalesce(not p_right, false)::int)
      on conflict (worker_id, kind) do update set answers = k.answers + 1,
        gold_right = k.gold_right + excluded.gold_right, gold_wrong = k.gold_wrong + excluded.gold_wrong,
        trial_right = k.trial_right + excluded.trial_right, trial_wrong = k.trial_wrong + excluded.trial_wrong;
  end if;
end $$;

-- Keep what a worker has typed of a record so far. Her question stays as it is.
create or replace function keep_typed(p_assignment bigint, p_worker bigint, p_typed jsonb, p_said text)
returns void language plpgsql as $$
begin
  update assignment set record = coalesce(record, '{}') || jsonb_build_object('typed', p_typed, 'said', p_said)
    where id = p_assignment and worker_id = p_worker and state in ('held', 'expired');
  if not found then
    raise exception 'assignment % is over', p_assignment using errcode = 'GW001';
  end if;
end $$;

-- Raise GW001 if the worker holds a question. A worker without one may be asked by a push and by
-- her own request at the same time, and only one of the two may succeed. It comes before the parts
-- that hold tasks.
create or replace function holds_nothing(p_worker bigint) returns void language plpgsql as $$
begin
  perform from worker where id = p_worker for no key update;
  if exists (select from assignment where worker_id = p_worker and state = 'held') then
    raise exception 'worker % was asked something by now', p_worker using errcode = 'GW001';
  end if;
end $$;

-- Give a held task back: 'skipped' (never asked of this worker again), 'expired' (may be asked
-- again, and a late answer may still count) or 'withdrawn' (the batch was cancelled, or she left).
-- Return false when it was not held any more.
create or replace function release_task(p_assignment bigint, p_state text) returns boolean language plpgsql as $$
declare v_task bigint; v_worker bigint; v_directed boolean; v_batch text;
begin
  -- A question that is free again has the present price, also for her.
  update assignment set state = p_state, record = nullif(record - 'price', '{}')
    where id = p_assignment and state = 'held'
    returning task_id, worker_id into v_task, v_worker;
  if not found then
    return false;
  end if;
  update task set held = held - 1 where id = v_task returning directed, batch_id into v_directed, v_batch;
  -- After the deadline of its batch no other worker is asked in her place.
  if exists (select from batch where id = v_batch and ends_at is not null) then
    update task set wanted = answered + held, maximum = answered + held where id = v_task and state = 'open';
  end if;
  if v_directed and p_state = 'expired' then
    update directed set asked = false where task_id = v_task and worker_id = v_worker;
  elsif v_directed then
    -- Her place in the order goes to the next worker.
    update directed set position = position - 1 where task_id = v_task and not asked;
  end if;
  return true;
end $$;

-- Withdraw every held question of a batch. With p_state, leave its open tasks in that state
-- ('cancelled', 'decided'). The tasks are taken in the order of their ids, each with its
-- assignments first, since turns take their locks in this order, too.
create or replace function withdraw_batch(p_batch text, p_state text) returns void language plpgsql as $$
declare v_task bigint;
begin
  for v_task in select id from task where batch_id = p_batch and (state = 'open' or held > 0)
      -- The questions of cancelled tasks stay with the workers who hold them.
      and (p_state <> 'cancelled' or state <> 'cancelled') order by id loop
    perform release_task(a.id, 'withdrawn') from
      (select id from assignment where task_id = v_task and state = 'held' order by id) a;
    update task set state = p_state where id = v_task and state = 'open';
  end loop;
end $$;

-- Never put a task to this worker that her channel cannot carry in her language, as if she had
-- skipped it.
create or replace function put_aside(p_task bigint, p_worker bigint) returns void language plpgsql as $$
begin
  insert into assignment (task_id, worker_id, state, via, lease_until) values (p_task, p_worker, 'skipped', 'sms', now())
    on conflict (task_id, worker_id) do update set state = 'skipped' where assignment.state = 'expired';
  update directed set asked = true where task_id = p_task and worker_id = p_worker and not asked;
  if found then  -- Her place in the order goes to the next worker.
    update directed set position = position - 1 where task_id = p_task and not asked;
  end if;
end $$;

-- Refuse a task out of its bounds, and an assignment in an unknown state. These are triggers, not
-- CHECK constraints, because PostgreSQL parses constraints anew for each statement, which took
-- longer than the change itself (docs/decisions/0063). They run after the change, because a trigger
-- before it would lock the row in a step of its own.
create or replace function task_is_sound() returns trigger language plpgsql as $$
begin
  if (new.held >= 0 and new.answered >= 0
      -- The answers that were reserved are never surpassed.
      and new.answered <= new.maximum and new.wanted <= new.maximum
      -- There are never more open assignments than answers still needed.
      and (new.state <> 'open' or new.answered + new.held <= new.wanted)
      -- A task that is being uploaded into a running batch is asked of no worker yet.
      and new.state in ('open', 'decided', 'review', 'cancelled', 'uploading')) is not true then
    raise exception 'task % would be out of bounds: %, % held, % answered, % wanted, % at most', new.id,
      new.state, new.held, new.answered, new.wanted, new.maximum
      using errcode = 'check_violation', table = 'task', constraint = 'task_is_sound';
  end if;
  -- Queue the answers of a task that was just decided for `score`, since their worth is known now
  -- (`gold_answer_is_due` queues each answer to gold), and tell the client's webhooks of the task's
  -- new state. This is no trigger of its own, which would cost each answer as much as this one.
  if tg_op = 'UPDATE' and new.state <> old.state and new.state in ('decided', 'review') then
    if old.state = 'open' then
      insert into score_due as d (task_id, batch_id) values (new.id, new.batch_id)
        on conflict (task_id) do update set version = d.version + 1;
    end if;
    if new.gold is null then
      insert into client_event (client_id, batch_id, type, data)
        select b.client_id, b.id, t.type, jsonb_build_object('task', new.name, 'state', new.state)
          from batch b, (select case new.state when 'decided' then 'task.decided' else 'task.review' end) t(type)
          where b.id = new.batch_id and is_told(b.client_id, b.id, t.type);
    end if;
  end if;
  return null;
end $$;
create or replace trigger task_is_sound after insert or update on task
  for each row execute function task_is_sound();

create or replace function assignment_is_sound() returns trigger language plpgsql as $$
begin
  if new.state in ('held', 'answered', 'skipped', 'expired', 'withdrawn') then
    return null;
  end if;
  raise exception 'an assignment cannot be in state %', new.state
    using errcode = 'check_violation', table = 'assignment', constraint = 'assignment_is_sound';
end $$;
create or replace trigger assignment_is_sound after insert or update on assignment
  for each row execute function assignment_is_sound();

-- Rows that answers name without a foreign key are never deleted (docs/decisions/0061).
create or replace function work_is_kept() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name = 'task' then
    if not exists (select from assignment where task_id = old.id) then
      return old;
    end if;
  elsif tg_op = 'DELETE' and tg_table_name = 'assignment' then
    if not exists (select from answer where task_id = old.task_id and worker_id = old.worker_id) then
      return old;
    end if;
  end if;
  raise exception 'a % that was asked or answered is never deleted', tg_table_name using errcode = 'GW010';
end $$;
create or replace trigger task_is_kept before delete on task for each row execute function work_is_kept();
create or replace trigger assignment_is_kept before delete on assignment for each row execute function work_is_kept();
create or replace trigger tasks_are_kept before truncate on task for each statement execute function work_is_kept();
create or replace trigger assignments_are_kept before truncate on assignment
  for each statement execute function work_is_kept();

create or replace function gold_answer_is_due() returns trigger language plpgsql as $$
begin
  insert into score_due as d (task_id, batch_id) select id, batch_id from task where id = new.task_id
    on conflict (task_id) do update set version = d.version + 1;
  return null;
end $$;
create or replace trigger gold_answer_is_due after insert on answer
  for each row when (new."right" is not null) execute function gold_answer_is_due();
