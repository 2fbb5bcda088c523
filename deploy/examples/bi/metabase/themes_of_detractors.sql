-- What unhappy customers name in their comments; one comment may name several themes.
SELECT theme, sum(detractors) AS detractors, sum(n) AS comments
FROM bi.themes
WHERE measurement = 'transactional' AND day BETWEEN {{first}} AND {{last}}
GROUP BY theme
ORDER BY detractors DESC, theme
