-- Readings of the mobile app's motion sensor.
CREATE EXTERNAL TABLE IF NOT EXISTS accelerometer_landing (
  `user` string COMMENT 'email of the customer',
  `timestamp` bigint COMMENT 'milliseconds since 1970',
  `x` double,
  `y` double,
  `z` double
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
LOCATION 's3://stedi-lake/accelerometer/landing/'
TBLPROPERTIES ('classification' = 'json');
