-- A judge answers after the episode has been recorded: what no evaluator could tell gets its score then.
grant update (score, evaluator, source, category, detail, missing, at) on outcomes to ratchet_app;
