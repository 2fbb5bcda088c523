-- The NPS of the company with its 95 % interval, by the last 30 days that end with each day. Of fewer than ten answers it
-- is empty. Such windows overlap: do not compare one with the next.
SELECT d.day, sum(c.n) AS answers,
    bi.nps(sum(c.detractors), sum(c.passives), sum(c.promoters)) AS nps,
    bi.nps_low(sum(c.detractors), sum(c.passives), sum(c.promoters)) AS low,
    bi.nps_high(sum(c.detractors), sum(c.passives), sum(c.promoters)) AS high
FROM generate_series(CAST({{first}} AS date), CAST({{last}} AS date), interval '1 day') AS d(day)
JOIN bi.daily_counts c ON c.day > d.day - interval '30 days' AND c.day <= d.day
WHERE c.segment = '' AND c.measurement = 'transactional'
GROUP BY d.day
ORDER BY d.day
