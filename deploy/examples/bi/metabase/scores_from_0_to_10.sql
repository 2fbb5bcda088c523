-- How the answers of a window fall.
SELECT score, answers
FROM (
    SELECT sum(score_0) AS s0, sum(score_1) AS s1, sum(score_2) AS s2, sum(score_3) AS s3, sum(score_4) AS s4,
        sum(score_5) AS s5, sum(score_6) AS s6, sum(score_7) AS s7, sum(score_8) AS s8, sum(score_9) AS s9,
        sum(score_10) AS s10
    FROM bi.daily_counts
    WHERE segment = '' AND measurement = 'transactional' AND day BETWEEN {{first}} AND {{last}}
) AS w
CROSS JOIN LATERAL (VALUES (0, s0), (1, s1), (2, s2), (3, s3), (4, s4), (5, s5), (6, s6), (7, s7), (8, s8), (9, s9),
    (10, s10)) AS by_score(score, answers)
ORDER BY score
