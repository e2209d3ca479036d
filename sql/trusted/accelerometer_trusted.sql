-- Readings of customers who agreed to share (a reading's user is an email).
CREATE TABLE accelerometer_trusted AS
SELECT *
FROM accelerometer_landing
WHERE "user" IN (SELECT email FROM customer_trusted);
