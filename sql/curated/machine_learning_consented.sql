-- Of the matched rows those at or after the instant of consent.
-- Why it exists: consent is an instant (sharewithresearchasofdate); what was
-- measured before it was not given for research.
CREATE TABLE machine_learning_consented AS
SELECT m.sensorreadingtime, m.serialnumber, m.distancefromobject, m."user", m.x, m.y, m.z
FROM machine_learning_matched m
JOIN customers_curated c ON c.serialnumber = m.serialnumber AND c.email = m."user"
WHERE m.sensorreadingtime >= c.sharewithresearchasofdate;
