-- Coordinators: a PIN with three tries, a bounded number of invitations, and a history that only
-- grows.

create or replace trigger coordinator_event_is_forever before update or delete on coordinator_event
  for each row execute function only_ever_grows();

-- Count a try of a coordinator's PIN like pin_tried does for workers. It is judged on the wrong
-- tries that were read, so that any number of SMS have three tries together.
create or replace function coordinator_pin_tried(p_coordinator bigint, p_wrong smallint, p_right boolean)
returns void language plpgsql as $$
begin
  update coordinator_pin set wrong = case when p_right then 0 else wrong + 1 end
    where coordinator_id = p_coordinator and wrong = p_wrong and wrong < 3;
  if not found then
    raise exception 'the PIN of coordinator % was tried meanwhile', p_coordinator using errcode = 'GW001';
  end if;
end $$;

-- Check the day's limit after the invitations of this commit are written, so that any number of SMS
-- stay below it together.
create or replace function coordinator_may_invite(p_coordinator bigint, p_most int) returns void language plpgsql as $$
begin
  perform from coordinator where id = p_coordinator for update;
  if (select count(*) from consent where coordinator_id = p_coordinator and act = 'invited'
      and at > now() - interval '24 hours') > p_most then
    raise exception 'coordinator % has invited enough today', p_coordinator using errcode = 'GW001';
  end if;
end $$;

-- Set a name that a coordinator or the worker gives, and record it in the history of consent with
-- its author.
create or replace function name_worker(p_worker bigint, p_name text, p_via text, p_coordinator bigint)
returns void language plpgsql as $$
begin
  update worker set name = p_name where id = p_worker;
  insert into consent (worker_id, act, via, channel, said, coordinator_id)
    values (p_worker, 'named', p_via, null, 'NAME', p_coordinator);
end $$;

-- Return whether a coordinator looks after a worker: one of her centre, or one whom she enrolled as
-- long as the two do not belong to different centres. Every look at workers by a coordinator asks
-- this.
create or replace function looks_after(
  p_coordinator bigint, p_coordinator_partner bigint, p_worker_coordinator bigint, p_worker_partner bigint
) returns boolean language sql immutable as $$
  select p_worker_partner = p_coordinator_partner
    or p_worker_coordinator = p_coordinator and (p_worker_partner is null or p_coordinator_partner is null)
$$;

-- Return the coordinators who look after a worker now: the one who enrolled her, else those of her
-- centre.
create or replace function worker_coordinators(p_worker bigint) returns setof bigint language sql stable as $$
  select c.id from worker w join coordinator c on c.state = 'active'
      and looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)
      and (c.id = w.coordinator_id or not exists (select from coordinator x where x.id = w.coordinator_id and x.state = 'active'
        and looks_after(x.id, x.partner_id, w.coordinator_id, w.partner_id)))
    where w.id = p_worker order by c.id
$$;

-- Appeals: who decided before, who may look now, and the filing of one.

create or replace trigger appeal_event_is_forever before update or delete on appeal_event
  for each row execute function only_ever_grows();

-- Return the coordinator whom a name means, or null where it is the name of none or of several.
create or replace function coordinator_named(p_name text) returns bigint language sql stable as $$
  select min(c.id) from coordinator c where p_name <> '' and lower(btrim(c.name)) = lower(btrim(p_name)) having count(*) = 1
$$;

-- Return who decided that an answer counts as right or wrong: a rule, the client who gave the truth,
-- or a person by name.
create or replace function answer_decider(p_answer bigint, out kind text, out who text) language sql stable as $$
  select case when c.by is not null or t.rule in ('person', 'audit') then 'person'
      when t.gold is not null and t.promoted_from is null then 'client' else 'rule' end,
    case when c.by is not null then c.by when t.rule in ('person', 'audit') then coalesce(t.decided_by, '')
      when t.gold is not null and t.promoted_from is null then k.name else coalesce(t.ruling, t.rule, '') end
  from answer a join task t on t.id = a.task_id join batch b on b.id = t.batch_id join client k on k.id = b.client_id
    left join lateral (select x.by from correction x where x.task_id = t.id order by x.id desc limit 1) c on true
  where a.id = p_answer
$$;

-- Return the names of those who decided about an answer, and opened an adjustment for it.
create or replace function answer_deciders(p_answer bigint) returns text[] language sql stable as $$
  select array_remove(array[(select who from answer_decider(p_answer) where kind = 'person'),
    (select nullif(j.opened_by, '') from adjustment j where j.answer_id = p_answer)], null)
$$;

-- Return whether a coordinator decided about an answer before, opened an adjustment for it, or is
-- its worker. A decision that is stored with its author's id counts for that coordinator alone, and
-- one that is stored with a name only for every coordinator of that name.
create or replace function took_part(p_coordinator bigint, p_answer bigint, p_worker bigint) returns boolean
language sql stable as $$
  select exists (select from coordinator c join worker w on w.msisdn_index = c.msisdn_index
      where c.id = p_coordinator and w.id = p_worker)
    or exists (select from person_decision d where d.coordinator_id = p_coordinator
      and (d.answer_id = p_answer or d.kind in ('review', 'gold') and d.task_id = (select task_id from answer where id = p_answer)))
    or exists (select from coordinator c, unnest(answer_deciders(p_answer)) n(name)
      where c.id = p_coordinator and lower(btrim(c.name)) = lower(btrim(n.name))
        and not exists (select from person_decision d join coordinator o on o.id = d.coordinator_id
          where o.id <> p_coordinator and lower(btrim(o.name)) = lower(btrim(n.name))
            and (d.answer_id = p_answer or d.kind in ('review', 'gold')
              and d.task_id = (select task_id from answer where id = p_answer))))
$$;

-- Return the coordinator who looks at an appeal of a worker, or null for the operator. It is one of
-- her own coordinators, else another one of her centre. It is never the worker herself, never one who
-- took part in what is appealed, and never one of p_before, who had the appeal before. Of several, it
-- is the one with the fewest appeals.
create or replace function handler_of_appeal(p_worker bigint, p_answer bigint, p_before bigint[]) returns bigint
language sql stable as $$
  select c.id from worker w join coordinator c on c.state = 'active'
      and looks_after(c.id, c.partner_id, w.coordinator_id, w.partner_id)
    where w.id = p_worker and not took_part(c.id, p_answer, p_worker) and c.id <> all(p_before)
    order by exists (select from worker_coordinators(p_worker) k(id) where k.id = c.id) desc,
      (select count(*) from appeal a where a.handler_id = c.id and a.state = 'waiting'), c.id limit 1
$$;

-- Record the decision of the coordinator with whom a waiting appeal is. Its consequences are the next
-- step of the appeal, which is due at once.
create or replace function decide_appeal(
  p_appeal bigint, p_coordinator bigint, p_right boolean, p_reason text, p_now timestamptz
) returns void language plpgsql as $$
declare a appeal; v_name text; v_state text := case when p_right then 'upheld' else 'stands' end;
begin
  select * into a from appeal where id = p_appeal for update;
  if not found or a.state <> 'waiting' or a.handler_id is distinct from p_coordinator
      or took_part(p_coordinator, a.answer_id, a.worker_id) then
    raise exception 'appeal % does not wait for coordinator %', p_appeal, p_coordinator using errcode = 'GW001';
  end if;
  select name into v_name from coordinator where id = p_coordinator;
  perform note_decision('appeal', v_name, p_coordinator, (select task_id from answer where id = a.answer_id),
    a.answer_id, p_right);
  update appeal set state = v_state, decider = v_name, decider_id = p_coordinator, reason = p_reason, decided_at = p_now,
    next_at = p_now where id = p_appeal;
  insert into appeal_event (appeal_id, event, who, reason) values (p_appeal, v_state, v_name, p_reason);
end $$;

-- Return how many earlier coordinators had an appeal, as ids.
create or replace function had_appeal(p_appeal bigint) returns bigint[] language sql stable as $$
  select coalesce(array_agg(distinct e.who::bigint), '{}') from appeal_event e
    where e.appeal_id = p_appeal and e.event in ('told', 'passed_on') and e.who ~ '^[0-9]+$'
$$;

-- File an appeal. No money is taken while it waits. A second appeal about the same answer changes
-- nothing, and neither does one about the answer of another worker.
create or replace function file_appeal(
  p_ref text, p_worker bigint, p_answer bigint, p_handler bigint, p_due timestamptz, p_now timestamptz
) returns void language plpgsql as $$
declare d record; j adjustment; v_id bigint; v_truth text;
begin
  select coalesce(t.gold, t.value) into v_truth from answer a join task t on t.id = a.task_id
    where a.id = p_answer and a.worker_id = p_worker;
  if not found then
    return;
  end if;
  select * into d from answer_decider(p_answer);
  select * into j from adjustment where answer_id = p_answer for update;
  if j.state = 'dropped' or j.state = 'void' then
    j := null;
  end if;
  insert into appeal (ref, answer_id, adjustment_id, worker_id, decided_kind, decided_by, opened_by, truth, handler_id,
      due_at, next_at, created_at)
    values (p_ref, p_answer, j.id, p_worker,
      case when d.kind = 'person' and coordinator_named(d.who) is not null then 'coordinator' else d.kind end, d.who,
      coalesce(j.opened_by, ''), v_truth, p_handler, p_due, p_now, p_now)
    on conflict do nothing returning id into v_id;
  if v_id is null then
    return;
  end if;
  insert into appeal_event (appeal_id, event, who, at) values (v_id, 'filed', 'worker', p_now);
  if j.state in ('open', 'standing', 'done') then
    update adjustment set state = 'disputed', decide_by = p_due where id = j.id;
    insert into adjustment_event (adjustment_id, event, who) values (j.id, 'disputed', 'worker');
  end if;
  update person_decision set appealed_at = p_now
    where appealed_at is null and overturned_at is null and (kind = 'adjustment' and answer_id = p_answer
      or kind in ('review', 'gold') and d.kind = 'person' and task_id = (select task_id from answer where id = p_answer)
        and lower(by) = lower(d.who));
end $$;

-- Record a person's decision about quality. With p_task, the decisions of others about this task
-- that it contradicts are overturned (p_overturns).
create or replace function note_decision(
  p_kind text, p_by text, p_coordinator bigint, p_task bigint, p_answer bigint, p_overturns boolean
) returns void language plpgsql as $$
begin
  if p_overturns then
    update person_decision set overturned_at = now(), overturned_by = p_by
      where overturned_at is null and lower(by) <> lower(p_by)
        and (task_id = p_task and kind in ('review', 'gold', 'appeal') or answer_id = p_answer and kind = 'adjustment');
  end if;
  insert into person_decision (kind, by, coordinator_id, task_id, answer_id)
    values (p_kind, p_by, coalesce(p_coordinator, coordinator_named(p_by)), p_task, p_answer);
end $$;
