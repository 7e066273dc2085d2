-- The pace of answers: counts by hour, made from the newest answers once a minute.

-- Count the answers with ids from after p_after up to p_upto by hour, per group of workers and per
-- batch. Note the present hour for each group that has work, so that an hour without answers counts
-- too. Counts of former weeks are removed. The rows come in the order of the keys, and one process
-- at a time counts (the caller holds the lock on even_progress).
create or replace function count_pace(p_after bigint, p_upto bigint, p_now timestamptz) returns void language plpgsql as $$
begin
  insert into crowd_hour as c (currency, language, hour, answers)
    select w.currency, w.language, date_trunc('hour', a.created_at), count(*)
      from answer a join worker w on w.id = a.worker_id where a.id > p_after and a.id <= p_upto
      group by 1, 2, 3 order by 1, 2, 3
    on conflict (currency, language, hour) do update set answers = c.answers + excluded.answers;
  insert into batch_hour as h (batch_id, hour, answers)
    select t.batch_id, date_trunc('hour', a.created_at), count(*)
      from answer a join task t on t.id = a.task_id where a.id > p_after and a.id <= p_upto
      group by 1, 2 order by 1, 2
    on conflict (batch_id, hour) do update set answers = h.answers + excluded.answers;
  insert into batch_given as g (batch_id, answers)
    select t.batch_id, count(*) from answer a join task t on t.id = a.task_id
      where a.id > p_after and a.id <= p_upto and t.gold is null group by 1 order by 1
    on conflict (batch_id) do update set answers = g.answers + excluded.answers;
  insert into crowd_hour (currency, language, hour)
    select distinct b.currency, l.language, date_trunc('hour', p_now)
      from batch b, unnest(case when b.languages = '{}' then array[''] else b.languages end) as l(language)
      where b.state = 'running' and exists (select from task t where t.batch_id = b.id and t.state = 'open'
        and t.gold is null and not t.directed and t.position > b.low)
      order by 1, 2, 3
    on conflict do nothing;
  delete from crowd_hour where hour < p_now - interval '15 days';
  delete from batch_hour where hour < p_now - interval '35 days';
end $$;
