-- The columns that tables are joined on are never null.
SELECT 'customer_trusted' AS found_in, count(*) AS rows_without
FROM customer_trusted WHERE email IS NULL OR serialnumber IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'customers_curated', count(*)
FROM customers_curated WHERE email IS NULL OR serialnumber IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'accelerometer_trusted', count(*)
FROM accelerometer_trusted WHERE "user" IS NULL OR "timestamp" IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'step_trainer_trusted', count(*)
FROM step_trainer_trusted WHERE serialnumber IS NULL OR sensorreadingtime IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'machine_learning_curated', count(*)
FROM machine_learning_curated WHERE serialnumber IS NULL OR sensorreadingtime IS NULL OR "user" IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'machine_learning_matched', count(*)
FROM machine_learning_matched WHERE serialnumber IS NULL OR sensorreadingtime IS NULL OR "user" IS NULL HAVING count(*) > 0
UNION ALL
SELECT 'machine_learning_consented', count(*)
FROM machine_learning_consented WHERE serialnumber IS NULL OR sensorreadingtime IS NULL OR "user" IS NULL HAVING count(*) > 0;
