-- The NPS of each value of a dimension, such as touchpoint, with its 95 % interval: the lowest first.
SELECT value, sum(n) AS answers,
    bi.nps(sum(detractors), sum(passives), sum(promoters)) AS nps,
    bi.nps_low(sum(detractors), sum(passives), sum(promoters)) AS low,
    bi.nps_high(sum(detractors), sum(passives), sum(promoters)) AS high
FROM bi.daily_counts
WHERE dimension = {{dimension}} AND measurement = 'transactional' AND day BETWEEN {{first}} AND {{last}}
GROUP BY value
ORDER BY nps NULLS LAST, value
