-- The privacy rule: no reading of a customer without consent leaves landing.
-- It asks the landing table, not the trusted one, so that a wrong step cannot
-- vouch for itself.
SELECT 'accelerometer_trusted' AS found_in, "user", count(*) AS readings
FROM accelerometer_trusted
WHERE "user" IS NULL OR "user" NOT IN
  (SELECT email FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL AND email IS NOT NULL)
GROUP BY "user"
UNION ALL
SELECT 'machine_learning_curated', "user", count(*)
FROM machine_learning_curated
WHERE "user" IS NULL OR "user" NOT IN
  (SELECT email FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL AND email IS NOT NULL)
GROUP BY "user"
UNION ALL
SELECT 'machine_learning_matched', "user", count(*)
FROM machine_learning_matched
WHERE "user" IS NULL OR "user" NOT IN
  (SELECT email FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL AND email IS NOT NULL)
GROUP BY "user"
UNION ALL
SELECT 'machine_learning_consented', "user", count(*)
FROM machine_learning_consented
WHERE "user" IS NULL OR "user" NOT IN
  (SELECT email FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL AND email IS NOT NULL)
GROUP BY "user";
