-- warn
-- Several customers with one serial number: the defect of the fulfilment
-- centre that made customers_curated necessary.  Their step records cannot be
-- told apart by device.
SELECT serialnumber, count(*) AS customers
FROM customer_landing
WHERE serialnumber IS NOT NULL
GROUP BY serialnumber
HAVING count(*) > 1;
