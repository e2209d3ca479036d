-- Step records with the accelerometer readings of the same instant: the table
-- as everyone publishes it.  It joins on the time alone, so that readings of
-- one customer meet step records of another who moved at the same millisecond;
-- machine_learning_matched is the one without them.
CREATE TABLE machine_learning_curated AS
SELECT s.sensorreadingtime, s.serialnumber, s.distancefromobject, a."user", a.x, a.y, a.z
FROM step_trainer_trusted s
JOIN accelerometer_trusted a ON a."timestamp" = s.sensorreadingtime;
