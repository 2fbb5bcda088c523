-- The latest comments: of a role that was granted answers, otherwise none.
SELECT answered_at, score, touchpoint, comment, array_to_string(themes, ', ') AS themes
FROM bi.answers
WHERE comment <> '' AND measurement = 'transactional' AND day BETWEEN {{first}} AND {{last}}
ORDER BY answered_at DESC
LIMIT 200
