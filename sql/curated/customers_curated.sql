-- Trusted customers who have readings.
CREATE TABLE customers_curated AS
SELECT *
FROM customer_trusted
WHERE email IN (SELECT "user" FROM accelerometer_trusted);
