-- The privacy rule: trusted and curated customers gave their consent.
SELECT 'customer_trusted' AS found_in, email FROM customer_trusted WHERE sharewithresearchasofdate IS NULL
UNION ALL
SELECT 'customers_curated', email FROM customers_curated WHERE sharewithresearchasofdate IS NULL;
