-- Step records of curated customers.  It reads a curated table: zones are
-- folders, the order of steps comes from what each one reads.
CREATE TABLE step_trainer_trusted AS
SELECT *
FROM step_trainer_landing
WHERE serialnumber IN (SELECT serialnumber FROM customers_curated);
