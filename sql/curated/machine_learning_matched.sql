-- Step records with the readings of the same instant and the same customer.
-- Why it exists: machine_learning_curated joins on the time alone and pairs
-- strangers; a model must not learn from those rows.
CREATE TABLE machine_learning_matched AS
SELECT s.sensorreadingtime, s.serialnumber, s.distancefromobject, a."user", a.x, a.y, a.z
FROM step_trainer_trusted s
JOIN accelerometer_trusted a ON a."timestamp" = s.sensorreadingtime
JOIN customers_curated c ON c.serialnumber = s.serialnumber AND c.email = a."user";
