-- Customers as the website and the fulfilment centre sent them.
CREATE EXTERNAL TABLE IF NOT EXISTS customer_landing (
  `customername` string COMMENT 'full name',
  `email` string COMMENT 'what readings call the user',
  `phone` string,
  `birthday` string,
  `serialnumber` string COMMENT 'of the step trainer bought',
  `registrationdate` bigint COMMENT 'milliseconds since 1970',
  `lastupdatedate` bigint,
  `sharewithresearchasofdate` bigint COMMENT 'the instant of consent; absent: none was given',
  `sharewithpublicasofdate` bigint,
  `sharewithfriendsasofdate` bigint
)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES (
  'ignore.malformed.json' = 'FALSE',
  'dots.in.keys' = 'FALSE',
  'case.insensitive' = 'TRUE',
  'mapping' = 'TRUE'
)
STORED AS INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://stedi-lake/customer/landing/'
TBLPROPERTIES ('classification' = 'json');
