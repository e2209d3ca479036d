-- The privacy rule: no step record of a device whose owners gave no consent.
SELECT 'step_trainer_trusted' AS found_in, serialnumber, count(*) AS records
FROM step_trainer_trusted
WHERE serialnumber IS NULL OR serialnumber NOT IN
  (SELECT serialnumber FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL AND serialnumber IS NOT NULL)
GROUP BY serialnumber
UNION ALL
SELECT 'machine_learning_curated', serialnumber, count(*)
FROM machine_learning_curated
WHERE serialnumber IS NULL OR serialnumber NOT IN
  (SELECT serialnumber FROM customer_landing WHERE sharewithresearchasofdate IS NOT NULL AND serialnumber IS NOT NULL)
GROUP BY serialnumber;
