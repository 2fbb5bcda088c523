-- Of the customers who were asked in a week, how many have answered so far. The last weeks still grow.
SELECT CAST(date_trunc('week', day) AS date) AS week, sum(asked) AS asked, sum(answered) AS answered,
    CASE WHEN sum(asked) >= 10 THEN 100.0 * sum(answered) / sum(asked) END AS percent
FROM bi.responses
WHERE measurement = 'transactional' AND day BETWEEN {{first}} AND {{last}}
GROUP BY week
ORDER BY week
