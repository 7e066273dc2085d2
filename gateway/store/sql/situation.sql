-- Return all that one inbound event needs, in one round trip. It reads only.
create or replace function situation(
  p_channel text, p_kind text, p_event_id text, p_index bytea, p_session text, p_twin bytea, p_former text,
  -- set if this event has been here before; known_as: the other id, if it had one then (twin or
  -- former, see steps/turns/arrival/sms_identity.py)
  out known_state text, out known_reply text, out known_as text,
  -- the time when it was stored, if it was stored before its processing
  out came_at timestamptz,
  -- the worker
  out worker_id bigint, out name text, out language text, out state text, out currency text,
  out account_id bigint, out balance bigint, out partner_id bigint, out reach text, out sms_channel text,
  out away boolean, out ease smallint, out never_agreed boolean,
  out missed_message bigint, out arrival jsonb, out pin_hash text, out pin_wrong smallint,
  -- the change of number that this phone is one end of
  out moving jsonb,
  out coordinator_id bigint, out payout_ref text, out payout_amount bigint, out payout_waits text, out payout_until timestamptz,
  out kinds text[], out rights real[], out wrongs real[], out golds_right int[], out golds_wrong int[], out answers int[],
  out trials int[], out drifts real[], out cardeds boolean[],
  -- the question that she was last asked
  out held_assignment bigint, out held_state text, out held_task bigint, out held_batch text, out held_text text,
  out held_gold text, out held_via text, out held_open boolean, out held_answered smallint,
  out held_wanted smallint, out held_maximum smallint, out held_revision smallint, out held_better real,
  out held_better_by_sms real, out held_item smallint, out held_reason text, out pack jsonb,
  -- for an SMS: the time since when the question can have reached her; asked_unsent: it is not on
  -- its way yet
  out asked_since timestamptz, out asked_unsent boolean,
  out vote_values text[], out vote_rights real[], out vote_wrongs real[],
  -- the question of an SMS that she answered by dialling, while no newer SMS asks her anything
  out dialled_task bigint, out dialled_batch text, out dialled_text text,
  -- the lesson that this SMS answers, where no question by SMS waits for one
  out lesson jsonb,
  -- the question that she would be asked next
  out next_task bigint, out next_batch text, out next_text text, out next_revision smallint,
  out gold_task bigint, out gold_text text, out next_held boolean, out more jsonb,
  -- if set, the question that she was last asked is an earlier one, and the next one is the one
  -- that she holds: see earlier.sql
  out earlier_sure boolean,
  -- the records of fields among these questions: `held` and `next` as in assignment.record; null
  -- for other kinds of task
  out record jsonb,
  -- the state of her USSD session
  out transcript text, out view text, out memory jsonb, out pages text[], out page smallint, out ended boolean,
  out began_at timestamptz,
  -- the number of earlier sessions of this id, and whether the last one is so old that a start
  -- begins another
  out session_nth smallint, out session_over boolean
) language plpgsql stable as $$
declare
  v_worker bigint;  -- the worker with this number
  v_kind text;
  -- Her own skill is needed, to judge her answer or to see whether gold is due.
  v_skills boolean := false;
  v_directed boolean;  -- Work that is addressed to her by name waits.
  v_moves boolean;  -- Her number is one of the two ends of a change.
  v_batch record;
  v_is_last boolean := false;  -- v_batch is the batch of the next question.
  v_asked_at timestamptz;  -- the time when the question that she holds was put to her
  v_gold boolean;
  v_pack_max smallint;
  v_room int;  -- the questions of the next batch that she may get; null for all
  v_from int;
  v_skip int;  -- the free tasks that she passes over at first
  v_yields boolean;  -- Others have earned less and come first: see yield_to_others.
  v_earlier bigint;
  v_packed text;  -- the batch of her last message with several questions
  v_event bigint;  -- this event, if it is known
  v_held_record jsonb; v_next_record jsonb; v_dialled_record jsonb;
  v_keyed boolean;  -- The next question is one for a record of fields.
begin
  -- One statement does all look-ups by key, since each of its own would cost as much as finding the
  -- row.
  select case when i.done then 'done' when i.id is not null then 'open' end, i.id, i.created_at, coalesce(i.worker_id, w.id),
      w.id, w.name, w.language, w.state, w.currency,
      w.account_id, a.balance, w.partner_id, w.reach, w.sms_channel, w.away_since is not null or w.unreached_until is not null,
      w.ease, p.ref, p.amount, payout_waits(p.state, p.reason), p.due_at, k.hash, k.wrong,
      case when s.view <> '' then s.transcript end, nullif(s.view, ''), s.memory, s.pages, s.page, s.ended, s.created_at, s.nth,
      s.view <> '' and s.last_at < now() - case when s.ended or s.completed is not null then interval '1 minute'
        else interval '1 hour' end,
      w.yields_until > now(),
      exists (select from directed d where d.worker_id = w.id and not d.asked),
      exists (select from number_move m where m.new_index = p_index) or exists (select from number_move m where m.old_index = p_index)
    into known_state, v_event, came_at, worker_id,
      v_worker, name, language, state, currency,
      account_id, balance, partner_id, reach, sms_channel, away,
      ease, payout_ref, payout_amount, payout_waits, payout_until, pin_hash, pin_wrong,
      transcript, view, memory, pages, page, ended, began_at, session_nth,
      session_over,
      v_yields, v_directed, v_moves
    from (values (1)) as one
      left join ussd_session s on s.channel = p_channel and s.session = p_session and s.msisdn_index = p_index
        and s.created_at > sessions_since() and s.created_at < until_now()
      -- This is a subquery, since in a join the planner may compare the key with every event of the
      -- channel.
      left join lateral (select x.id, x.done, x.created_at, x.worker_id from inbox_key x
        where x.channel = p_channel and x.kind = p_kind
          and x.event_id = p_event_id || coalesce('~' || nullif(s.nth, 0), '') limit 1) i on true
      left join worker w on w.msisdn_index = p_index
      left join account a on a.id = w.account_id
      left join worker_pin k on k.worker_id = w.id
      left join payout p on p.worker_id = w.id
        and p.settled_at is null;
  if known_state = 'done' then
    select i.reply into known_reply from inbox i where i.id = v_event and i.created_at = came_at;
  elsif p_twin is not null or p_former is not null then
    select x.known into known_as from (
      select 'twin' as known, 1 as place from inbox_key t where t.channel = p_channel and t.twin = p_twin
      -- Providers repeat an event for hours, so an event from before an upgrade is still known by
      -- its former id.
      union all select 'former', 2 from inbox_key f where f.channel = p_channel and f.kind = p_kind
        and f.event_id = p_former and f.done and f.created_at > now() - interval '2 days'
        and f.worker_id is not distinct from v_worker) x order by x.place limit 1;
    if known_as is not null then
      known_state := 'done';
    end if;
  end if;
  -- A sender who is not a worker may be a coordinator. A coordinator who is also a worker sends her
  -- commands by SMS.
  if p_kind = 'sms' or worker_id is null then
    select c.id into coordinator_id from coordinator c where c.msisdn_index = p_index and c.state = 'active';
  end if;
  if v_moves then
    moving := moving_of(p_index);
  end if;
  if known_state = 'done' or v_worker is null then
    return;
  end if;
  if p_session is not null and transcript is null then  -- She has just dialled in.
    missed_message := missed_message(situation.worker_id);
    arrival := arrival_of(situation.worker_id, false);
  end if;
  if state = 'stopped' then
    never_agreed := not exists (select from consent x where x.worker_id = situation.worker_id
      and x.act in ('joined', 'agreed', 'restarted'));
  end if;

  -- The question that she holds comes first, else the last one whose lease ran out, since a late
  -- reply belongs to it.
  select a.id, a.state, a.via, a.asked_at, a.item, t.id, t.batch_id, t.text, t.gold, t.answered, t.wanted, t.maximum,
      b.revision, b.better, b.better_by_sms, b.kind, a.record,
      -- She may answer what she was asked, also when the task or the whole batch was cancelled since.
      case t.state when 'open' then b.state in ('running', 'paused') and (a.state = 'held' or not t.is_full)
          when 'cancelled' then b.state in ('running', 'paused', 'cancelled') and a.state = 'held' else false end
    into held_assignment, held_state, held_via, v_asked_at, held_item, held_task, held_batch, held_text, held_gold, held_answered,
      held_wanted, held_maximum, held_revision, held_better, held_better_by_sms, v_kind, v_held_record, held_open
    from assignment a join task t on t.id = a.task_id join batch b on b.id = t.batch_id
    where a.worker_id = situation.worker_id and a.state in ('held', 'expired')
    order by a.state = 'held' desc, a.task_id::text = memory->>'task' desc nulls last, case when a.state = 'held' then a.id else -a.id end limit 1;

  -- An SMS answers a question that came by SMS, which may be an earlier one than the one that she
  -- holds.
  if p_kind = 'sms' and held_state = 'held' and held_item is null
      and (held_via = 'ussd' or v_asked_at > now() - interval '10 seconds') then
    select e.assignment, e.sure into v_earlier, earlier_sure
      from earlier_by_sms(situation.worker_id, p_index, held_via, v_asked_at) e;
  end if;
  if v_earlier is not null then
    next_task := held_task; next_batch := held_batch; next_text := held_text; next_held := true;
    v_next_record := v_held_record;
    select a.id, a.state, a.via, a.asked_at, t.id, t.batch_id, t.text, t.gold, t.answered, t.wanted, t.maximum,
        b.revision, b.better, b.better_by_sms, b.kind, a.record,
        t.state = 'open' and b.state in ('running', 'paused') and not t.is_full
      into held_assignment, held_state, held_via, v_asked_at, held_task, held_batch, held_text, held_gold, held_answered,
        held_wanted, held_maximum, held_revision, held_better, held_better_by_sms, v_kind, v_held_record, held_open
      from assignment a join task t on t.id = a.task_id join batch b on b.id = t.batch_id where a.id = v_earlier;
  end if;

  if p_kind = 'sms' and held_via = 'sms' then
    -- A provider's own response may take half a minute, and the phone does not wait for it.
    select min(case when o.sent_at is not null then greatest(o.created_at, o.sent_at - interval '30 seconds')
          when o.state in ('sending', 'unknown', 'lost') or o.state = 'queued' and (o.tries > 0 or o.in_trouble) then o.created_at end),
        bool_or(o.state = 'queued' and o.tries = 0)
      into asked_since, asked_unsent
      from (select x.created_at, x.sent_at, x.state, x.tries, exists (select from channel_state c
          -- The outcome of messages is uncertain while a channel fails.
          where c.channel = x.channel and c.breaker <> 'closed') as in_trouble from outbox x
        where x.to_index = p_index and x.created_at >= v_asked_at order by x.id desc limit 20) o where o.created_at >= v_asked_at;
    asked_unsent := asked_since is null and coalesce(asked_unsent, false);
  elsif p_kind = 'sms' and held_task is not null then
    asked_since := v_asked_at;  -- The question was on a screen.
  end if;

  -- An SMS on its way while she dials answers the question of the SMS before it, not the one on the
  -- screen.
  if p_kind = 'sms' and (held_state = 'held' and held_via = 'sms') is not true then
    select t.id, t.batch_id, t.text, a.record into dialled_task, dialled_batch, dialled_text, v_dialled_record
      from answer x join assignment a on a.task_id = x.task_id and a.worker_id = x.worker_id join task t on t.id = a.task_id
      where x.worker_id = situation.worker_id and x.via = 'ussd' and x.created_at > now() - interval '1 day'
        and a.via = 'sms' and a.item is null
        and (held_via is distinct from 'sms' or a.asked_at > v_asked_at)
      order by x.id desc limit 1;
    lesson := lesson_by_sms(situation.worker_id, case when held_via = 'sms' then v_asked_at end);
  end if;

  -- Votes matter only when the answer that may come now completes the number that the task wants.
  if held_open and held_answered + 1 >= held_wanted and held_answered > 0 then
    select array_agg(x.value order by x.id), array_agg(coalesce(s."right" * kept(s.learned_at), 0) order by x.id),
        array_agg(coalesce(s.wrong * kept(s.learned_at), 0) order by x.id)
      into vote_values, vote_rights, vote_wrongs
      from answer x left join skill s on s.worker_id = x.worker_id and s.kind = v_kind
      where x.task_id = held_task and not x.void;
  end if;
  if held_open and held_answered + 1 >= held_wanted then
    v_skills := true;
  end if;
  if held_gold is not null then
    -- A new worker is told what was right and why, and her skill says whether she is new.
    v_skills := true;
    select t.gold_reason into held_reason from task t where t.id = held_task;
  end if;

  if p_kind = 'ussd' then
    -- A worker who dials while she holds several questions sees one after the other.
    if held_item is not null then
      select t.id, t.batch_id, t.text, true into next_task, next_batch, next_text, next_held
        from assignment a join task t on t.id = a.task_id
        where a.worker_id = situation.worker_id and a.state = 'held' and t.id <> held_task order by a.id limit 1;
    end if;
  else
    v_packed := held_batch;
    if held_item is null then
      select t.batch_id into v_packed from assignment a join task t on t.id = a.task_id
        where a.worker_id = situation.worker_id and a.item is not null order by a.id desc limit 1;
    end if;
    if v_packed is not null then
      pack := pack_of(situation.worker_id, v_packed);
      v_skills := v_skills or held_item is not null or pack @? '$[*] ? (@.open == true)';
    end if;
  end if;

  -- Work that is addressed to her by name comes before work that is open to all.
  if next_task is null and v_directed then
    select n.task, n.batch, n.text into next_task, next_batch, next_text
      from work_by_name(situation.worker_id, situation.currency, held_task) n;
  end if;
  if next_task is null and v_yields is not true then
    for v_batch in
      select b.id, b.breadth, b.low, b.kept_until, b.gold_rate, b.pack_max, b.revision, b.fields is not null as keyed, skill_mean(z."right", z.wrong, z.learned_at) as skill,
          case when b.worker_max > 0 or b.worker_day_max > 0
            then room_left(situation.worker_id, b.id, b.worker_max, b.worker_day_max) end as room
        from batch b left join skill z on z.worker_id = situation.worker_id and z.kind = b.kind
        where b.state = 'running' and b.currency = situation.currency
          and (b.languages = '{}' or situation.language = any(b.languages)) and (z.paused_until <= now()) is not false
          and (not b.needs_lesson or z.lesson_passed_at is not null)
        order by b.started_at
    loop
      v_room := v_batch.room;
      continue when v_room < 1;
      v_from := v_batch.low;
      if v_batch.breadth then  -- from any position, the tasks with the fewest answers first
        select max(t.position) into v_from from task t where t.batch_id = v_batch.id;
        v_from := greatest(v_batch.low, abs(hashint8(situation.worker_id # coalesce(held_task, 0))::bigint) % greatest(v_from - 95, 1));
      end if;
      -- The first few free tasks come in an order of her own, so that phones which ask at the same
      -- moment rarely collide: each collision is a turn that is read and decided again (with 16
      -- phones at once 7 of 100 turns among 24 tasks, 2 among 64). She begins at any of them, so
      -- mostly half of them are read. Whether she had one is looked up task by task: a join as a
      -- set would read all that she was ever asked.
      if not v_batch.breadth then
        v_skip := hashint8(situation.worker_id # coalesce(held_task, 0)) & 63;
        select f.id, v_batch.id, f.text into next_task, next_batch, next_text from (
          select t.id, t.text, t.audience from task t
            where t.batch_id = v_batch.id and t.state = 'open' and t.gold is null and not t.directed
              and not t.is_full and t.id is distinct from held_task and t.position > v_from
              and is_hers(t.skill_wanted, t.better_until, v_batch.skill, t.kept_for, v_batch.kept_until, partner_id)
            order by t.position offset v_skip limit 64 - v_skip) f
          where (f.audience is null or audience_fits(f.audience, situation.partner_id, situation.language))
            and (select a.state from assignment a where a.task_id = f.id
              and a.worker_id = situation.worker_id and a.state <> 'expired') is null
          limit 1;
        v_is_last := next_task is not null;
        exit when v_is_last;
      end if;
      -- If none of those is for her (she had them, or there are fewer), take another of the first
      -- ones.
      select f.id, v_batch.id, f.text into next_task, next_batch, next_text from (
        select s.* from (
          select t.id, t.text, t.audience, case when v_batch.breadth then t.answered + t.held end as load from task t
            where t.batch_id = v_batch.id and t.state = 'open' and t.gold is null and not t.directed
              and not t.is_full and t.id is distinct from held_task and t.position > v_from
              and is_hers(t.skill_wanted, t.better_until, v_batch.skill, t.kept_for, v_batch.kept_until, partner_id)
            order by t.position limit case when v_batch.breadth then 96 else 64 end) s
        order by s.load, hashint8(s.id # situation.worker_id) limit 96) f
        where (f.audience is null or audience_fits(f.audience, situation.partner_id, situation.language))
          and (select a.state from assignment a where a.task_id = f.id
            and a.worker_id = situation.worker_id and a.state <> 'expired') is null
        limit 1;
      v_is_last := next_task is not null;
      exit when v_is_last;
      -- If none of those is for her (she had them all, say), take the first of all the others that
      -- is.
      select t.id, v_batch.id, t.text into next_task, next_batch, next_text from task t
        where t.batch_id = v_batch.id and t.state = 'open' and t.gold is null and not t.directed
          and not t.is_full and t.id is distinct from held_task and t.position > v_batch.low
          and is_hers(t.skill_wanted, t.better_until, v_batch.skill, t.kept_for, v_batch.kept_until, partner_id)
          and (t.audience is null or audience_fits(t.audience, situation.partner_id, situation.language))
          and (select a.state from assignment a where a.task_id = t.id
            and a.worker_id = situation.worker_id and a.state <> 'expired') is null
        order by t.position limit 1;
      v_is_last := next_task is not null;
      exit when v_is_last;
    end loop;
  end if;

  if v_is_last then
    v_gold := v_batch.gold_rate > 0; v_pack_max := v_batch.pack_max; next_revision := v_batch.revision;
    v_keyed := v_batch.keyed;
  else
    select b.gold_rate > 0 and next_held is null, b.pack_max, b.revision, b.fields is not null
      into v_gold, v_pack_max, next_revision, v_keyed
      from batch b where b.id = next_batch;
  end if;
  if v_pack_max > 1 and p_kind <> 'ussd' and v_earlier is null then
    more := more_tasks(situation.worker_id, partner_id, language, next_batch, next_task, held_task, least(v_pack_max, v_room) - 1);
  end if;
  if v_keyed and next_held is null then  -- A worker may be asked for some fields only.
    select jsonb_build_object('asked', t.fields_asked) into v_next_record from task t
      where t.id = next_task and t.fields_asked is not null;
  end if;
  if v_held_record is not null or v_next_record is not null or v_dialled_record is not null then
    record := jsonb_build_object('held', v_held_record, 'next', v_next_record, 'dialled', v_dialled_record);
  end if;
  if v_skills or coalesce(v_gold, false) then
    select array_agg(s.kind), array_agg(s."right" * kept(s.learned_at)), array_agg(s.wrong * kept(s.learned_at)),
        array_agg(s.gold_right), array_agg(s.gold_wrong), array_agg(s.answers),
        array_agg(s.trial_right + s.trial_wrong), array_agg(s.drift), array_agg(s.carded)
      into kinds, rights, wrongs, golds_right, golds_wrong, answers, trials, drifts, cardeds
      from skill s where s.worker_id = situation.worker_id;
  end if;

  -- Take a hidden gold question of the same batch, in case one is due.
  if not coalesce(v_gold, false) then
    return;
  end if;
  -- Of very many, 64 are looked at, from a position of her own, so that a turn does not read them
  -- all.
  v_from := abs(hashint8(situation.worker_id # coalesce(held_task, 0))::bigint)
    % greatest((select max(t.position) from task t where t.batch_id = next_batch and t.state = 'open' and t.gold is not null), 1);
  select f.id, f.text into gold_task, gold_text from (
    select g.id, g.text from (
      (select t.id, t.text, t.answered + t.held as load, t.is_full from task t
        where t.batch_id = next_batch and t.gold is not null and t.state = 'open' and t.position > v_from
        order by t.position limit 64)
      union all
      (select t.id, t.text, t.answered + t.held, t.is_full from task t
        where t.batch_id = next_batch and t.gold is not null and t.state = 'open' and t.position <= v_from
        order by t.position limit 64)
      limit 64) g
    where not g.is_full and g.id is distinct from held_task
    -- The least shown question comes first, so that all gold is used and neighbours rarely get the
    -- same question on the same day.
    order by g.load, hashint8(g.id # situation.worker_id)) f
  -- Whether she has seen it is looked up for one after the other, since the digest costs the most.
  -- As a join, it would be made of all of them, and in any order.
  where (select true from gold_seen x
    where x.worker_id = situation.worker_id and x.digest = gold_digest(f.text) limit 1) is null
  limit 1;
end $$;
