-- Lessons: the place of a worker in one, and what passing it opens.

-- Return how often a worker failed a kind's lesson in the last 24 hours.
create or replace function lessons_failed(p_worker bigint, p_kind text) returns int language sql stable as $$
  select count(*)::int from lesson_run f where f.worker_id = p_worker and f.kind = p_kind and f.state = 'failed'
    and f.at > now() - interval '1 day'
$$;

-- Return the lesson that the worker's next SMS answers, or null. It is none where a question by SMS
-- was put to her since (p_asked_at), or where she has answered one. Only events without a question
-- by SMS look.
create or replace function lesson_by_sms(p_worker bigint, p_asked_at timestamptz) returns jsonb language sql stable as $$
  select jsonb_build_object('id', l.id, 'kind', l.kind, 'language', l.language, 'version', l.version, 'step', l.step,
      'score', l.score, 'via', l.via, 'mistake', l.mistake, 'failed_today', lessons_failed(l.worker_id, l.kind))
    from lesson_run l where l.worker_id = p_worker and l.state = 'open' and l.via = 'sms'
      and l.at > now() - interval '1 day' and l.at >= coalesce(p_asked_at, l.at)
      and not exists (select from (select x.created_at from answer x where x.worker_id = p_worker order by x.id desc limit 1) a
        where a.created_at > l.at)
$$;

-- Record that a worker passed a kind's lesson. An assigned lesson is then completed: the pause that
-- came with it ends, and a new trial begins.
create or replace function pass_lesson(p_worker bigint, p_kind text, p_source text) returns void language plpgsql as $$
begin
  insert into credential (worker_id, kind, what, source) values (p_worker, p_kind, 'LEARN_PASSED', p_source) on conflict do nothing;
  insert into skill as s (worker_id, kind, lesson_passed_at) values (p_worker, p_kind, now())
    on conflict (worker_id, kind) do update set lesson_passed_at = now();
  update relearning set status = 'completed', completed_at = now()
    where worker_id = p_worker and kind = p_kind and status = 'assigned';
  if found then
    update skill set paused_until = null where worker_id = p_worker and kind = p_kind;
    update finding set state = 'closed', outcome = 'passed the lesson', closed_by = 'lessons', closed_at = now()
      where kind in ('below_bar', 'call_her') and subject = 'worker:' || p_worker || ':' || p_kind and state = 'open';
  end if;
end $$;

-- Move a worker in a lesson from step p_was, or begin one (p_run null). An answer to one of its
-- questions is kept. The last step ends the lesson. Return its id.
create or replace function move_lesson(
  p_worker bigint, p_run bigint, p_kind text, p_language text, p_version text, p_mistake jsonb, p_was smallint,
  p_step smallint, p_score smallint, p_state text, p_via text, p_said text, p_value text, p_right boolean
) returns bigint language plpgsql as $$
declare v_run bigint := p_run;
begin
  if v_run is null then
    update lesson_run set state = 'left', at = now() where worker_id = p_worker and state = 'open';
    insert into lesson_run (worker_id, kind, language, version, mistake, step, score, via)
      values (p_worker, p_kind, p_language, p_version, p_mistake, p_step, p_score, p_via) returning id into v_run;
  else
    update lesson_run set step = p_step, score = p_score, version = p_version, state = p_state, via = p_via, at = clock_timestamp()
      where id = v_run and worker_id = p_worker and state = 'open' and step = p_was;
    if not found then
      raise exception 'lesson % has moved on', v_run using errcode = 'GW001';
    end if;
  end if;
  if p_right is not null then
    insert into lesson_answer (run_id, step, said, value, "right", via) values (v_run, p_was, p_said, p_value, p_right, p_via);
  end if;
  if p_state = 'passed' then
    perform pass_lesson(p_worker, p_kind, 'here');
  elsif p_state = 'failed' and p_mistake is not null then
    update relearning set failures = failures + 1 where worker_id = p_worker and kind = p_kind and status = 'assigned';
  end if;
  return v_run;
end $$;

-- Record the cards that are shown to a worker. A code that is made again is the same card.
create or replace function give_cards(
  p_worker bigint, p_index bytea, p_digests text[], p_kinds text[], p_accepted int[]
) returns void language sql as $$
  insert into skill_card (digest, worker_id, kind, msisdn_index, accepted)
    select d, p_worker, k, p_index, a from unnest(p_digests, p_kinds, p_accepted) as c(d, k, a) on conflict do nothing
$$;

-- Count a code that was not accepted. Each of several SMS at once reads the same count before, so
-- it is checked again here.
create or replace function try_card(p_worker bigint, p_digest text, p_most int) returns void language plpgsql as $$
begin
  perform from worker where id = p_worker for no key update;
  if (select count(*) from card_try where worker_id = p_worker and issuer is null
      and created_at > now() - interval '1 day') >= p_most then
    raise exception 'worker % tried too many codes', p_worker using errcode = 'GW001';
  end if;
  insert into card_try (worker_id, digest) values (p_worker, p_digest);
end $$;

-- Begin a worker's skill with the card of another gateway, once.
create or replace function take_card(
  p_worker bigint, p_digest text, p_issuer text, p_kind text, p_learned boolean, p_accepted int, p_right real, p_wrong real
) returns void language plpgsql as $$
begin
  perform from worker where id = p_worker for no key update;
  if exists (select from card_try where worker_id = p_worker and kind = p_kind and issuer = p_issuer) then
    raise exception 'worker % gave a card of % for % before', p_worker, p_issuer, p_kind using errcode = 'GW001';
  end if;
  insert into card_try (worker_id, digest, issuer, kind) values (p_worker, p_digest, p_issuer, p_kind);
  insert into skill as s (worker_id, kind, "right", wrong, carded) values (p_worker, p_kind, p_right, p_wrong, p_accepted > 0)
    on conflict (worker_id, kind) do update set "right" = s."right" * kept(s.learned_at) + excluded."right",
      wrong = s.wrong * kept(s.learned_at) + excluded.wrong, learned_at = now(), carded = s.carded or excluded.carded;
  if p_learned then
    perform pass_lesson(p_worker, p_kind, p_issuer);
  end if;
  if p_accepted > 0 then
    insert into credential (worker_id, kind, what, source) values (p_worker, p_kind, 'ACCEPTED_' || p_accepted, p_issuer)
      on conflict do nothing;
  end if;
end $$;
