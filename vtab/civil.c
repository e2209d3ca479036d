/*
** The proleptic Gregorian calendar: days since 1970-01-01 to year, month and
** day and back, weeks after ISO 8601 (see datetime.h).  Plain integer
** arithmetic over the 400-year cycle; exact for years of 32 bits and more.
*/
#include "sqlite.h"
#include "datetime.h"

/* A year of this arithmetic begins on 1 March, so that the leap day is its
** last: month m of it begins (153*m+2)/5 days after the first. */
int64_t civil_to_days(int64_t year, int64_t month, int64_t day){
  int64_t m = month - 1, y = year, era, year_of_era, day_of_year;
  if( m<0 || m>11 ){
    y += floor_div(m, 12);
    m = floor_mod(m, 12);
  }
  y -= m<2;
  era = floor_div(y, 400);
  year_of_era = y - era*400;
  day_of_year = (153*(m<2 ? m + 10 : m - 2) + 2)/5;
  return era*146097 + year_of_era*365 + year_of_era/4 - year_of_era/100 + day_of_year
         - 719468 + day - 1;
}

void civil_from_days(int64_t days, int64_t *year, int *month, int *day){
  int64_t z = days + 719468;
  int64_t era = floor_div(z, 146097);
  int64_t doe = z - era*146097;                                   /* 0..146096 */
  int64_t yoe = (doe - doe/1460 + doe/36524 - doe/146096)/365;    /* 0..399 */
  int64_t doy = doe - (365*yoe + yoe/4 - yoe/100);                /* 0..365, from 1 March */
  int mp = (int)((5*doy + 2)/153);
  int m = mp<10 ? mp+3 : mp-9;
  if( year ) *year = yoe + era*400 + (m<=2);
  if( month ) *month = m;
  if( day ) *day = (int)(doy - (153*mp + 2)/5) + 1;
}

int civil_is_leap(int64_t year){
  return year%4==0 && (year%100!=0 || year%400==0);
}

int civil_days_in_month(int64_t year, int month){
  static const unsigned char n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if( month==2 && civil_is_leap(year) ) return 29;
  return n[month-1];
}

int civil_day_of_week(int64_t days){
  return (int)floor_mod(days + 3, 7) + 1;           /* 1970-01-01 was a Thursday */
}

int civil_day_of_year(int64_t days){
  int64_t year;
  civil_from_days(days, &year, 0, 0);
  return (int)(days - civil_to_days(year, 1, 1)) + 1;
}

/* A week belongs to the year of its Thursday. */
int civil_week(int64_t days, int64_t *week_year){
  int64_t thursday = days - civil_day_of_week(days) + 4, year;
  civil_from_days(thursday, &year, 0, 0);
  if( week_year ) *week_year = year;
  return (int)((thursday - civil_to_days(year, 1, 1))/7) + 1;
}

int64_t civil_add_months(int64_t days, int64_t n){
  int64_t year, total;
  int month, day, last;
  civil_from_days(days, &year, &month, &day);
  total = year*12 + (month-1) + n;
  year = floor_div(total, 12);
  month = (int)floor_mod(total, 12) + 1;
  last = civil_days_in_month(year, month);
  return civil_to_days(year, month, day<last ? day : last);
}

int64_t picos_round(int64_t picos, int p){
  int64_t unit = 1;
  int i;
  for(i = p; i<12; i++) unit *= 10;
  return floor_div(picos + unit/2, unit)*unit;
}
